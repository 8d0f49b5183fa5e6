// The configuration of the cluster as of some entry: Raft's sets of ids, who the ids are, and which id comes next. It is applied like any
// other command, so every tracker computes the same one; the state machine keeps it as the opaque `confState` of its progress.
// Ids are never reused: a change that names an id already given away is void on every tracker alike.

import { ByteReader, ByteWriter, DecodeError } from '../../base/codec.ts';
import type { NodeId } from '../../base/ids.ts';
import { toV2 } from '../core/conf-change-codec.ts';
import { changeConfiguration, fromConfState } from '../core/conf-change.ts';
import type { ConfChange, ConfChangeSingle, ConfChangeV2, ConfState } from '../core/types.ts';
import { readConfState, writeConfState } from './conf-state-codec.ts';
import { readMembers, writeMembers } from './member-codec.ts';
import type { Member } from './members.ts';

export interface ClusterConfig {
  readonly confState: ConfState;
  /** Everyone in any of the sets, in the order of ids. */
  readonly members: readonly Member[];
  readonly nextId: NodeId;
}

export const emptyClusterConfig: ClusterConfig = {
  confState: { voters: [], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false },
  members: [],
  nextId: 1 as NodeId,
};

/** What entry 1 means. */
export function foundingConfig(members: readonly Member[]): ClusterConfig {
  const voters = members.map((member) => member.id).sort((left, right) => left - right);
  return {
    confState: { ...emptyClusterConfig.confState, voters },
    members,
    nextId: (Math.max(...voters) + 1) as NodeId,
  };
}

const version = 1;

export function encodeClusterConfig(config: ClusterConfig): Uint8Array {
  const writer = new ByteWriter();
  writer.u8(version);
  writeConfState(writer, config.confState);
  writeMembers(writer, config.members);
  return writer.varint(config.nextId).finish();
}

/** Throws DecodeError. No bytes are the configuration before entry 1. */
export function decodeClusterConfig(bytes: Uint8Array): ClusterConfig {
  if (bytes.length === 0) return emptyClusterConfig;
  const reader = new ByteReader(bytes);
  if (reader.u8() !== version) throw new DecodeError('configuration of an unknown version');
  const config = { confState: readConfState(reader), members: readMembers(reader), nextId: reader.varint() as NodeId };
  reader.end();
  return config;
}

/** The members a change brings along travel in its context. */
export function encodeNewMembers(members: readonly Member[]): Uint8Array {
  const writer = new ByteWriter(64);
  writeMembers(writer, members);
  return writer.finish();
}

export function decodeNewMembers(context: Uint8Array): readonly Member[] {
  if (context.length === 0) return [];
  const reader = new ByteReader(context);
  const members = readMembers(reader);
  reader.end();
  return members;
}

/** Why a change that was committed must have no effect; undefined when it may have one. Decided from data every tracker has. */
export function objection(config: ClusterConfig, change: ConfChange | ConfChangeV2): string | undefined {
  const added = decodeNewMembers(change.context);
  const known = new Set(config.members.map((member) => member.id));
  const taken = added.find((member) => member.id < config.nextId);
  if (taken !== undefined) return `id ${taken.id} was given away before`;
  const namesake = added.find((member) => config.members.some((other) => other.incarnation === member.incarnation));
  if (namesake !== undefined) return `${namesake.name} is a member already`;
  const stranger = singlesOf(change).find((single) => single.type !== 'remove-node' && !known.has(single.nodeId as NodeId) && !added.some((member) => member.id === single.nodeId));
  if (stranger !== undefined) return `nobody knows who ${stranger.nodeId} is`;
  // An honest leader proposes no such change (`core/propose.ts`); the core takes a refusal this late for a bug.
  const outcome = changeConfiguration(fromConfState(config.confState), toV2(change));
  return outcome.kind === 'refused' ? outcome.reason : undefined;
}

/** The configuration after a change, whose Raft part the core computed. */
export function afterChange(config: ClusterConfig, change: ConfChange | ConfChangeV2, confState: ConfState): ClusterConfig {
  const added = decodeNewMembers(change.context);
  const present = new Set<number>([...confState.voters, ...confState.votersOutgoing, ...confState.learners, ...confState.learnersNext]);
  const members = [...config.members, ...added].filter((member) => present.has(member.id)).sort((left, right) => left.id - right.id);
  const nextId = Math.max(config.nextId, ...added.map((member) => member.id + 1)) as NodeId;
  return { confState, members, nextId };
}

function singlesOf(change: ConfChange | ConfChangeV2): readonly ConfChangeSingle[] {
  return change.kind === 'conf-change' ? [change] : change.changes;
}
