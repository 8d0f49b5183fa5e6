// The time zone of this machine, for showing times.

/** Minutes east of UTC at that moment. */
export function localZone(wallMs: number): number {
  return -new Date(wallMs).getTimezoneOffset();
}
