// Log lines to standard error through pino, synchronously: a crash right after a line must not lose it.
// No transports: pino starts one as a worker from a file path, which a bundle does not have.

import { destination, pino } from 'pino';
import type { LogSink } from '../observe/log.ts';

const standardError = 2;

export function stderrSink(): LogSink {
  // Time and node are in the record already, and the logger decided what to write: pino serialises and writes.
  const logger = pino({ base: null, timestamp: false, level: 'debug', formatters: { level: (level) => ({ level }) } }, destination({ fd: standardError, sync: true }));
  return ({ level, ...record }) => logger[level](record);
}
