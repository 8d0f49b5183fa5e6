// The commands of etcd's quorum tests: committed indexes and votes of majority and joint configurations, charted, and computed
// again in equivalent ways; a way that disagrees is printed.

import { allVoters, ascending, jointCommitted, jointVote, majorityCommitted, majorityVote } from '../../src/raft/core/quorum.ts';
import type { AckedIndex, VoteResult } from '../../src/raft/core/quorum.ts';
import { toNumber, valuesOf } from './arguments.ts';
import { ScriptError } from './script.ts';
import type { Directive } from './script.ts';

/** An answer of a voter; undefined for `_`. */
type Known<T> = ReadonlyMap<number, T>;

interface Configs {
  readonly incoming: readonly number[];
  /** Undefined for a majority configuration; empty for the joint one with an empty half. */
  readonly outgoing: readonly number[] | undefined;
}

export function runQuorum(directive: Directive): string {
  const configs = parseConfigs(directive);
  switch (directive.command) {
    case 'committed': {
      const indexes = valuesOf(directive, 'idx').map((text) => (text === '_' ? undefined : toNumber(text)));
      return mismatch(configs, indexes) ?? committed(configs, assign(configs, indexes));
    }
    case 'vote': {
      const votes = valuesOf(directive, 'votes').map(toVote);
      // Refusals count 1 and votes 2 where a mismatch is printed.
      return mismatch(configs, votes.map((vote) => (vote === undefined ? undefined : vote ? 2 : 1))) ?? vote(configs, assign(configs, votes));
    }
    default: throw new ScriptError(`unknown command: ${directive.command}`);
  }
}

function committed(configs: Configs, indexes: Known<number>): string {
  const acked = lookup(indexes);
  const { incoming, outgoing } = configs;
  if (outgoing !== undefined) {
    const index = jointCommitted({ incoming, outgoing }, acked);
    const swapped = jointCommitted({ incoming: outgoing, outgoing: incoming }, acked);
    return chart(allVoters({ incoming, outgoing }), acked) + unless(swapped === index, `${show(swapped)} <-- via symmetry\n`) + `${show(index)}\n`;
  }
  const index = majorityCommitted(incoming, acked);
  const counted = byCounting(incoming, acked);
  const withEmpty = jointCommitted({ incoming, outgoing: [] }, acked);
  const withSelf = jointCommitted({ incoming, outgoing: incoming }, acked);
  return chart(incoming, acked)
    + unless(counted === index, `${show(counted)} <-- via alternative computation\n`)
    + unless(withEmpty === index, `${show(withEmpty)} <-- via zero-joint quorum\n`)
    + unless(withSelf === index, `${show(withSelf)} <-- via self-joint quorum\n`)
    + incoming.map((id) => lowered(incoming, indexes, { id, index })).join('')
    + `${show(index)}\n`;
}

/** Lowering an index that was below the result cannot change it. */
function lowered(voters: readonly number[], indexes: Known<number>, of: { readonly id: number; readonly index: number }): string {
  const own = indexes.get(of.id) ?? 0;
  if (own === 0 || of.index <= own) return '';
  const overlay = (value: number): number => majorityCommitted(voters, lookup(new Map([...indexes, [of.id, value]])));
  const [less, none] = [overlay(own - 1), overlay(0)];
  return unless(less === of.index, `${show(less)} <-- overlaying ${of.id}->${own}`)
    + unless(none === of.index, `${show(none)} <-- overlaying ${of.id}->0`);
}

function vote(configs: Configs, votes: Known<boolean>): string {
  const { incoming, outgoing } = configs;
  if (outgoing === undefined) return `${name(majorityVote(incoming, votes))}\n`;
  const result = jointVote({ incoming, outgoing }, votes);
  const swapped = jointVote({ incoming: outgoing, outgoing: incoming }, votes);
  return unless(swapped === result, `${name(swapped)} <-- via symmetry\n`) + `${name(result)}\n`;
}

/** The highest index that more than half of the voters reach, found without sorting. */
function byCounting(voters: readonly number[], acked: AckedIndex): number {
  if (voters.length === 0) return Infinity;
  const indexes = voters.map((id) => acked(id) ?? 0);
  const reached = indexes.filter((index) => indexes.filter((other) => other >= index).length > voters.length / 2);
  return Math.max(0, ...reached);
}

/** One row for each voter: a bar as long as the number of voters that are behind it. */
function chart(voters: readonly number[], acked: AckedIndex): string {
  if (voters.length === 0) return '<empty majority quorum>';
  const width = voters.length;
  const rows = voters.map((id) => {
    const index = acked(id);
    const behind = voters.filter((other) => (acked(other) ?? 0) < (index ?? 0)).length;
    const bar = index === undefined ? `?${' '.repeat(width)}` : `${'x'.repeat(behind)}>${' '.repeat(width - behind)}`;
    return `${bar} ${String(index ?? 0).padStart(5)}    (id=${id})\n`;
  });
  return `${' '.repeat(width)}    idx\n${rows.join('')}`;
}

function parseConfigs(directive: Directive): Configs {
  const ids = (key: string): readonly number[] => valuesOf(directive, key).filter((text) => text !== 'zero').map(toNumber);
  const isJoint = directive.args.some((arg) => arg.key === 'cfgj' && arg.values.length > 0);
  return { incoming: ids('cfg'), outgoing: isJoint ? ids('cfgj') : undefined };
}

/** Values belong to the voters in the order in which the configurations name them, each voter once. */
function assign<T>(configs: Configs, values: readonly (T | undefined)[]): Known<T> {
  const order = [...new Set([...configs.incoming, ...(configs.outgoing ?? [])])];
  const known = new Map<number, T>();
  for (const [i, id] of order.entries()) {
    const value = values[i];
    if (value !== undefined) known.set(id, value);
  }
  return known;
}

function mismatch(configs: Configs, values: readonly (number | undefined)[]): string | undefined {
  const voters = ascending([...configs.incoming, ...(configs.outgoing ?? [])]);
  if (voters.length === values.length) return undefined;
  const set = `map[${voters.map((id) => `${id}:{}`).join(' ')}]`;
  return `error: mismatched input (explicit or _) for voters ${set}: [${values.map((value) => value ?? 0).join(' ')}]`;
}

function toVote(text: string): boolean | undefined {
  if (text === '_') return undefined;
  if (text !== 'y' && text !== 'n') throw new ScriptError(`unknown vote: ${text}`);
  return text === 'y';
}

function lookup(indexes: Known<number>): AckedIndex {
  return (id) => indexes.get(id);
}

function unless(holds: boolean, text: string): string {
  return holds ? '' : text;
}

function show(index: number): string {
  return index === Infinity ? '∞' : String(index);
}

function name(result: VoteResult): string {
  return `Vote${result.charAt(0).toUpperCase()}${result.slice(1)}`;
}
