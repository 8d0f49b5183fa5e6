// The logger port. Logs are events of the catalogue with named fields, one JSON line each; people read them with `jq`.
// Nothing is ever logged that is a secret or the content of a file.

import type { Clock } from '../base/clock.ts';
import { AssertionError } from '../base/assert.ts';
import { isOffshoreError, messageOf } from '../base/errors.ts';
import type { events, EventName } from './catalogue.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogValue = string | number | boolean | undefined | readonly (string | number)[];

/** Fields that the catalogue names for an event; all may be absent. */
export type EventFields<Name extends EventName> = { readonly [Field in (typeof events)[Name]['fields'][number]]?: LogValue };

export interface Logger {
  debug<Name extends EventName>(event: Name, fields?: EventFields<Name>): void;
  info<Name extends EventName>(event: Name, fields?: EventFields<Name>): void;
  warn<Name extends EventName>(event: Name, fields?: EventFields<Name>): void;
  error<Name extends EventName>(event: Name, fields?: EventFields<Name>): void;
}

export interface LogRecord {
  readonly time: string;
  readonly level: Exclude<LogLevel, 'silent'>;
  readonly node: string;
  readonly event: string;
  readonly [field: string]: unknown;
}

/** Where lines go: platform/log-sink, an array in tests. */
export type LogSink = (record: LogRecord) => void;

/** A logger for one node of this process; `level` and what is above it is written. */
export function openLog(options: { readonly node: string; readonly level: LogLevel }, deps: { readonly sink: LogSink; readonly clock: Pick<Clock, 'wallMs'> }): Logger {
  const lowest = logLevels.indexOf(options.level);
  const at = (level: LogRecord['level']) => (event: string, fields: Readonly<Record<string, LogValue>> = {}): void => {
    if (logLevels.indexOf(level) < lowest) return;
    deps.sink({ time: new Date(deps.clock.wallMs()).toISOString(), level, node: options.node, event, ...fields });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** For code under test that nobody listens to. */
export const silentLog: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What an error says in a log line: its code and details when it is one of ours, its stack when it is a bug or a stranger. */
export function errorFields(error: unknown): { readonly error: string; readonly code?: string; readonly stack?: string } {
  if (isOffshoreError(error)) {
    const cause = error.cause === undefined ? '' : ` (${messageOf(error.cause)})`;
    return { error: `${error.message} ${JSON.stringify(error.details)}${cause}`, code: error.code };
  }
  const code = error instanceof AssertionError ? { code: 'assertion' } : {};
  return { error: messageOf(error), ...code, ...(error instanceof Error && error.stack !== undefined ? { stack: error.stack } : {}) };
}
