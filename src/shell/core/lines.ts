// Lines inside a block of bytes, counted from its end.

const newline = 10;

/** Where the last newline before `end` is, or -1. */
function newlineBefore(bytes: Uint8Array, end: number): number {
  return end <= 0 ? -1 : bytes.lastIndexOf(newline, end - 1);
}

/**
 * Where the last `count` lines begin. `left` is how many line beginnings are still missing when the block has fewer; the
 * newline at the very end ends the last line and begins none, which only matters in the file's last block.
 */
export function startOfLastLines(bytes: Uint8Array, options: { readonly count: number; readonly isLastBlock: boolean }): { readonly start: number; readonly left: number } {
  let left = options.count;
  const end = options.isLastBlock && bytes.at(-1) === newline ? bytes.length - 1 : bytes.length;
  for (let at = newlineBefore(bytes, end); at >= 0; at = newlineBefore(bytes, at)) {
    left -= 1;
    if (left === 0) return { start: at + 1, left: 0 };
  }
  return { start: 0, left };
}
