// Modes as chmod takes them: octal, or clauses like `u+x,go=r`.

export function parseMode(text: string, base: { readonly current: number; readonly kind: 'file' | 'directory' | 'symlink' }): number | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8);
  let mode = base.current;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)([-+=])([rwxXst]*)$/.exec(clause);
    if (match === null) return undefined;
    mode = applyClause(mode, { who: match[1] ?? '', sign: match[2] ?? '', letters: match[3] ?? '' }, base.kind);
  }
  return mode;
}

function applyClause(mode: number, clause: { readonly who: string; readonly sign: string; readonly letters: string }, kind: 'file' | 'directory' | 'symlink'): number {
  const who = clause.who === '' || clause.who.includes('a') ? 'ugo' : clause.who;
  let bits = 0;
  let mask = 0;
  for (const letter of who) {
    const shift = letter === 'u' ? 6 : letter === 'g' ? 3 : 0;
    mask |= 7 << shift;
    bits |= permissionBits(clause.letters, mode, kind) << shift;
    if (clause.letters.includes('s') && letter !== 'o') bits |= letter === 'u' ? 0o4000 : 0o2000;
  }
  if (clause.letters.includes('t')) bits |= 0o1000;
  if (clause.sign === '+') return mode | bits;
  if (clause.sign === '-') return mode & ~bits;
  return (mode & ~mask) | bits;
}

/** `X` is x for directories and for what is executable for somebody already. */
function permissionBits(letters: string, mode: number, kind: 'file' | 'directory' | 'symlink'): number {
  const runs = letters.includes('x') || (letters.includes('X') && (kind === 'directory' || (mode & 0o111) !== 0));
  return (letters.includes('r') ? 4 : 0) | (letters.includes('w') ? 2 : 0) | (runs ? 1 : 0);
}
