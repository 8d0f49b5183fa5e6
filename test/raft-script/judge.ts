// Compares what a directive printed with what its script expects. Log lines do not count: their wording is the implementation's own.

const logLine = /^\s*(DEBUG|INFO|WARN|ERROR|FATAL)\b/;

/** The text that counts. Only log lines, or nothing at all, is `ok`. */
export function essence(output: string): string {
  const lines = output.split('\n').filter((line) => !logLine.test(line));
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.length === 0 ? 'ok' : lines.join('\n');
}

/** The lines of both, with `-` where only expected and `+` where only printed. */
export function difference(expected: string, actual: string): string {
  const [left, right] = [expected.split('\n'), actual.split('\n')];
  const common = commonLengths(left, right);
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      lines.push(`  ${left[i]}`);
      [i, j] = [i + 1, j + 1];
    } else if (j >= right.length || (i < left.length && at(common, i + 1, j) >= at(common, i, j + 1))) {
      lines.push(`- ${left[i]}`);
      i += 1;
    } else {
      lines.push(`+ ${right[j]}`);
      j += 1;
    }
  }
  return lines.join('\n');
}

/** Longest common subsequences of all suffixes. */
function commonLengths(left: readonly string[], right: readonly string[]): readonly (readonly number[])[] {
  const table = Array.from({ length: left.length + 1 }, () => new Array<number>(right.length + 1).fill(0));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    const row = table[i] ?? [];
    for (let j = right.length - 1; j >= 0; j -= 1) {
      row[j] = left[i] === right[j] ? at(table, i + 1, j + 1) + 1 : Math.max(at(table, i + 1, j), at(table, i, j + 1));
    }
  }
  return table;
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0;
}
