// Command lines as people type them, turned into what the option parser takes: it refuses `-h` as an option, `-n5` and `-5`.
// Knows nothing of any command but what the command declares.

export interface OptionShape {
  /** `-h` means `--human-readable`. */
  readonly humanShort: boolean;
  /** Letters of options that take a value. */
  readonly shorts: string;
  /** Long option a bare `-5` sets. */
  readonly digits: string | undefined;
}

/** `argv[0]` is the command's name and stays; nothing after `--` is touched. */
export function normalise(argv: readonly string[], shape: OptionShape): string[] {
  const [name = '', ...rest] = argv;
  const out = [name];
  for (let at = 0; at < rest.length; at += 1) {
    const word = rest[at] ?? '';
    if (word === '--') return [...out, ...rest.slice(at)];
    if (!/^-[^-]/.test(word)) {
      out.push(word);
    } else if (/^-\d+$/.test(word) && shape.digits !== undefined) {
      out.push(`${shape.digits}=${word.slice(1)}`);
    } else {
      const { options, wantsValue } = splitShorts(word, shape);
      out.push(...options);
      // The value of a short option may look like an option itself: `head -n -5`.
      if (wantsValue && at + 1 < rest.length) {
        at += 1;
        out[out.length - 1] += `=${rest[at] ?? ''}`;
      }
    }
  }
  return out;
}

/** `-lh` → `-l --human-readable`; `-vn5` → `-v -n=5`. */
function splitShorts(word: string, shape: OptionShape): { readonly options: string[]; readonly wantsValue: boolean } {
  const options: string[] = [];
  let plain = '';
  const flush = (): void => {
    if (plain !== '') options.push(`-${plain}`);
    plain = '';
  };
  const letters = [...word.slice(1)];
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at] ?? '';
    if (letter === '=') return { options: [word], wantsValue: false };
    if (shape.shorts.includes(letter)) {
      flush();
      const value = letters.slice(at + 1).join('').replace(/^=/, '');
      if (value === '') return { options: [...options, `-${letter}`], wantsValue: true };
      return { options: [...options, `-${letter}=${value}`], wantsValue: false };
    }
    if (letter === 'h' && shape.humanShort) {
      flush();
      options.push('--human-readable');
    } else {
      plain += letter;
    }
  }
  flush();
  return { options, wantsValue: false };
}
