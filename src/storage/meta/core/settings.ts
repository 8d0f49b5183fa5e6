// Cluster-wide settings kept in the state, because apply may depend on nothing else. `found` gives first values, `set-config` changes them.
// A name, once released, keeps its meaning; a value is stored as its text.

import { OffshoreError } from '../../../base/errors.ts';
import { limits } from '../../../base/limits.ts';
import { defaultClass, formatStorageClass, parseStorageClass } from '../../../model/storage-class.ts';

export interface Settings {
  /** Storage class of new files where no directory above says another. */
  readonly defaultClass: string;
  readonly inlineBytes: number;
  readonly historyAgeMs: number;
  readonly collectGraceMs: number;
}

export const defaultSettings: Settings = {
  defaultClass: formatStorageClass(defaultClass),
  inlineBytes: limits.inlineBytesMax,
  historyAgeMs: limits.historyAgeMsDefault,
  collectGraceMs: limits.collectGraceMs,
};

export const configNames = ['default-class', 'inline-bytes', 'history-age-ms', 'collect-grace-ms'] as const;
export type ConfigName = (typeof configNames)[number];

export function isConfigName(text: string): text is ConfigName {
  return (configNames as readonly string[]).includes(text);
}

/** The settings with one changed; throws `bad-option` on a value that does not fit. */
export function withSetting(settings: Settings, name: ConfigName, value: string): Settings {
  switch (name) {
    case 'default-class':
      if (parseStorageClass(value) === undefined) throw new OffshoreError('bad-option', { name, value });
      return { ...settings, defaultClass: value };
    case 'inline-bytes': return { ...settings, inlineBytes: mustNumber(name, value, 0, limits.inlineBytesMax) };
    case 'history-age-ms': return { ...settings, historyAgeMs: mustNumber(name, value, 0, Number.MAX_SAFE_INTEGER) };
    case 'collect-grace-ms': return { ...settings, collectGraceMs: mustNumber(name, value, 0, limits.stampHorizonMs - limits.uploadLeaseMs) };
    default: {
      // Not `unreachable`: the name may come from a log written by a newer level.
      throw new OffshoreError('bad-option', { name: String(name) });
    }
  }
}

function mustNumber(name: ConfigName, value: string, low: number, high: number): number {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= low && number <= high)) throw new OffshoreError('bad-option', { name, value });
  return number;
}
