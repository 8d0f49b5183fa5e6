// What a client tells of itself, as the part of observe/log that it uses.

import type { Logger } from '../observe/log.ts';

export type ClientLog = Pick<Logger, 'warn'>;
