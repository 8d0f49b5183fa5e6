// Errors as Node's file system throws them, for simulated disks.

/** `code` is the errno name: ENOSPC, EIO, ENOENT. */
export function diskError(code: string, path = ''): Error & { readonly code: string } {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
