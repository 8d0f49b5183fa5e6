// Reading the arguments of a directive.

import type { ConfChangeSingle, ConfChangeType } from '../../src/raft/core/types.ts';
import { ScriptError } from './script.ts';
import type { Directive } from './script.ts';

/** Arguments without a value: node ids. */
export function nodeIds(directive: Directive): readonly number[] {
  return directive.args.filter((arg) => arg.values.length === 0).map((arg) => toNumber(arg.key));
}

export function firstId(directive: Directive): number {
  const [first] = directive.args;
  if (first === undefined) throw new ScriptError(`${directive.command} needs a node id`);
  return toNumber(first.key);
}

export function valuesOf(directive: Directive, key: string): readonly string[] {
  return directive.args.filter((arg) => arg.key === key).flatMap((arg) => arg.values);
}

export function valueOf(directive: Directive, key: string): string | undefined {
  return valuesOf(directive, key)[0];
}

export function toNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new ScriptError(`not a number: ${text}`);
  return Number(text);
}

export function toBoolean(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new ScriptError(`not a boolean: ${text}`);
  return text === 'true';
}

const letters: ReadonlyMap<string, ConfChangeType> = new Map([
  ['v', 'add-node'], ['l', 'add-learner'], ['r', 'remove-node'], ['u', 'update-node'],
]);

/** `v1 l2 r3 u4`. */
export function parseChanges(text: string): readonly ConfChangeSingle[] {
  return text.split(/\s+/).filter((word) => word !== '').map((word) => {
    const type = letters.get(word.charAt(0));
    if (type === undefined || word.length < 2) throw new ScriptError(`unknown token ${word}`);
    return { type, nodeId: toNumber(word.slice(1)) };
  });
}
