// Where every log begins: before its first entry, in no term, with no vote.

import type { LogIndex, Term } from '../../base/ids.ts';
import type { HardState } from '../core/types.ts';
import type { LogPlace } from './log-store.ts';

export const logStart: LogPlace = { index: 0 as LogIndex, term: 0 as Term };

export const emptyHardState: HardState = { term: 0, vote: 0, commit: 0 };
