// The commands of etcd's interaction tests, each a call of the environment.

import { emptyBytes } from '../../src/base/bytes.ts';
import { encodeUtf8 } from '../../src/base/utf8.ts';
import { messageTypes } from '../../src/raft/core/types.ts';
import type { ConfChange, ConfChangeTransition, ConfChangeV2, MessageType, ReadOnlyOption, Snapshot } from '../../src/raft/core/types.ts';
import { firstId, nodeIds, parseChanges, toBoolean, toNumber, valueOf, valuesOf } from './arguments.ts';
import { Environment } from './environment.ts';
import { Output } from './output.ts';
import { nodeOptionsDefault } from './script-node.ts';
import type { NodeOptions } from './script-node.ts';
import { ScriptError } from './script.ts';
import type { Directive } from './script.ts';

export class InteractionScript {
  readonly #output = new Output();
  readonly #environment = new Environment(this.#output);

  run(directive: Directive): string {
    let failure = '';
    try {
      this.#dispatch(directive);
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AssertionError') throw error;
      // Errors are output, whatever the level.
      failure = error.message;
    }
    const text = this.#output.take() + failure;
    return text === '' ? 'ok' : text;
  }

  #dispatch(directive: Directive): void {
    const environment = this.#environment;
    const { args } = directive;
    switch (directive.command) {
      case '_breakpoint': return;
      case 'log-level': return this.#output.setLevel(args[0]?.key ?? '');
      case 'add-nodes': return environment.addNodes(firstId(directive), parseOptions(directive), parseStart(directive));
      case 'campaign': return environment.raw(firstId(directive)).campaign();
      case 'propose': return environment.raw(firstId(directive)).propose(encodeUtf8(args[1]?.key ?? ''));
      case 'propose-conf-change': return environment.raw(firstId(directive)).proposeConfChange(parseConfChange(directive));
      case 'transfer-leadership': return environment.raw(idOf(directive, 'from')).transferLeader(idOf(directive, 'to'));
      case 'forget-leader': return environment.raw(firstId(directive)).forgetLeader();
      case 'report-unreachable': return this.#reportUnreachable(directive);
      case 'tick-heartbeat': return environment.tick(firstId(directive), environment.options(firstId(directive)).heartbeatTick);
      case 'tick-election': return environment.tick(firstId(directive), environment.options(firstId(directive)).electionTick);
      case 'set-randomized-election-timeout':
        return environment.raw(firstId(directive)).setRandomizedElectionTimeout(idOf(directive, 'timeout'));
      case 'compact': return environment.compact(firstId(directive), toNumber(args[1]?.key ?? ''));
      case 'send-snapshot': return environment.sendSnapshot(firstId(directive), toNumber(args[1]?.key ?? ''));
      case 'process-ready': return this.#each(directive, 'handling Ready', (id) => environment.processReady(id));
      case 'process-append-thread':
        return this.#each(directive, 'processing append thread', (id) => environment.processAppendThread(id));
      case 'process-apply-thread':
        return this.#each(directive, 'processing apply thread', (id) => environment.processApplyThread(id));
      case 'deliver-msgs': return this.#deliver(directive);
      case 'stabilize': return this.#stabilize(directive);
      case 'raft-log': return environment.printLog(firstId(directive));
      case 'raft-state': return environment.printStates();
      case 'status': return environment.printStatus(firstId(directive));
      default: throw new ScriptError('unknown command');
    }
  }

  /** With a title when there are several. */
  #each(directive: Directive, title: string, run: (id: number) => void): void {
    const ids = nodeIds(directive);
    for (const id of ids) {
      if (ids.length === 1) {
        run(id);
      } else {
        this.#output.printLine(`> ${id} ${title}`);
        this.#output.indented(() => run(id));
      }
    }
  }

  #deliver(directive: Directive): void {
    const name = valueOf(directive, 'type');
    const type = name === undefined ? undefined : toMessageType(name);
    let count = 0;
    for (const arg of directive.args) {
      if (arg.values.length === 0) count += this.#environment.deliver({ to: toNumber(arg.key), type, fate: 'deliver' });
      if (arg.key !== 'drop') continue;
      for (const id of arg.values) count += this.#environment.deliver({ to: toNumber(id), type, fate: 'drop' });
    }
    if (count === 0) this.#output.printLine('no messages');
  }

  #stabilize(directive: Directive): void {
    const before = this.#output.level;
    const level = valueOf(directive, 'log-level');
    if (level !== undefined) this.#output.setLevel(level);
    try {
      this.#environment.stabilize(nodeIds(directive));
    } finally {
      this.#output.setLevel(before);
    }
  }

  #reportUnreachable(directive: Directive): void {
    const [on, peer] = nodeIds(directive);
    if (on === undefined || peer === undefined) {
      throw new ScriptError('must specify exactly two node indexes: node on which to report, and reported node');
    }
    this.#environment.raw(on).reportUnreachable(peer);
  }
}

function parseOptions(directive: Directive): NodeOptions {
  const flag = (key: string): boolean => {
    const value = valueOf(directive, key);
    return value !== undefined && toBoolean(value);
  };
  const count = (key: string, otherwise: number): number => {
    const value = valueOf(directive, key);
    return value === undefined ? otherwise : toNumber(value);
  };
  return {
    ...nodeOptionsDefault,
    applied: count('index', 0),
    asyncStorageWrites: flag('async-storage-writes'),
    preVote: flag('prevote'),
    checkQuorum: flag('checkquorum'),
    readOnly: toReadOnly(valueOf(directive, 'read-only')),
    maxInflightMsgs: count('inflight', nodeOptionsDefault.maxInflightMsgs),
    maxCommittedSizePerReady: count('max-committed-size-per-ready', nodeOptionsDefault.maxCommittedSizePerReady),
    stepDownOnRemoval: flag('step-down-on-removal'),
    disableConfChangeValidation: flag('disable-conf-change-validation'),
  };
}

function parseStart(directive: Directive): Snapshot | undefined {
  const voters = valuesOf(directive, 'voters').map(toNumber);
  const learners = valuesOf(directive, 'learners').map(toNumber);
  const index = valueOf(directive, 'index');
  const content = valueOf(directive, 'content');
  if (voters.length === 0 && learners.length === 0 && index === undefined && content === undefined) return undefined;
  const confState = { voters, learners, votersOutgoing: [], learnersNext: [], autoLeave: false };
  return { meta: { index: toNumber(index ?? '0'), term: 1, confState }, data: content === undefined ? emptyBytes : encodeUtf8(content) };
}

function parseConfChange(directive: Directive): ConfChange | ConfChangeV2 {
  for (const arg of directive.args.slice(1)) {
    if (arg.key !== 'v1' && arg.key !== 'transition') throw new ScriptError(`unknown command ${arg.key}`);
  }
  const changes = parseChanges(directive.input);
  const transition = toTransition(valueOf(directive, 'transition') ?? 'auto');
  if (!toBoolean(valueOf(directive, 'v1') ?? 'false')) return { kind: 'conf-change-v2', transition, changes, context: emptyBytes };
  const [first] = changes;
  if (first === undefined || changes.length > 1 || transition !== 'auto') {
    throw new ScriptError('v1 conf change can only have one operation and no transition');
  }
  return { kind: 'conf-change', ...first, context: emptyBytes };
}

function toTransition(name: string): ConfChangeTransition {
  switch (name) {
    case 'auto': return 'auto';
    case 'implicit': return 'joint-implicit';
    case 'explicit': return 'joint-explicit';
    default: throw new ScriptError(`unknown transition ${name}`);
  }
}

function toReadOnly(name: string | undefined): ReadOnlyOption {
  if (name === undefined || name === 'safe') return 'safe';
  if (name === 'lease-based') return 'lease';
  throw new ScriptError(`invalid read-only option "${name}"`);
}

function toMessageType(name: string): MessageType {
  const type = messageTypes.find((known) => known === name);
  if (type === undefined) throw new ScriptError(`unknown message type ${name}`);
  return type;
}

function idOf(directive: Directive, key: string): number {
  const value = valueOf(directive, key);
  if (value === undefined) throw new ScriptError(`${directive.command} needs ${key}=`);
  return toNumber(value);
}
