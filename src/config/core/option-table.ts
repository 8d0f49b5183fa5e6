// Every option of roles and local cluster, once: flag, environment variable, help and default come from these tables.
// `--listen` is `OFFSHORE_LISTEN`; a flag wins over the environment, the environment over the default.

import { parseBytes, parseMillis } from '../../base/units.ts';
import { parseBaseUrl, parseHostPort, type HostPort } from './address.ts';

export type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly problem: string };

export interface OptionRow<Value = unknown> {
  /** Placeholder in help: `HOST:PORT`; empty for a switch that takes no value. */
  readonly value: string;
  readonly about: string;
  parse(text: string): Parsed<Value>;
  readonly need: { readonly kind: 'required' } | { readonly kind: 'optional' } | { readonly kind: 'default'; readonly text: string };
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

export interface Peer {
  readonly name: string;
  readonly url: string;
}

const required = { kind: 'required' } as const;
const optional = { kind: 'optional' } as const;
const withDefault = (text: string): { readonly kind: 'default'; readonly text: string } => ({ kind: 'default', text });

function right<Value>(value: Value): Parsed<Value> {
  return { ok: true, value };
}

/** A parser that answers undefined, with what to say when it does. */
function parser<Value>(parse: (text: string) => Value | undefined, problem: string): (text: string) => Parsed<Value> {
  return (text) => {
    const value = parse(text);
    return value === undefined ? { ok: false, problem } : right(value);
  };
}

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const parseName = parser((text) => (namePattern.test(text) ? text : undefined), 'is 1 to 63 of a-z, 0-9, ".", "_" and "-", and begins with a letter or digit');
const parsePath = parser((text) => (text === '' || text.includes('\0') ? undefined : text), 'is a path');
const parseAddress = parser<HostPort>(parseHostPort, 'is HOST:PORT, such as 127.0.0.1:7001');
const parseUrl = parser(parseBaseUrl, 'is a base URL, such as http://127.0.0.1:7001');
const parseSwitch = parser((text) => ({ '': true, true: true, 1: true, yes: true, false: false, 0: false, no: false })[text], 'is true or false');
const logLevelNames = ['debug', 'info', 'warn', 'error', 'silent'] as const;
const parseLogLevel = parser((text) => logLevelNames.find((level) => level === text), `is one of ${logLevelNames.join(', ')}`);

function parseCount(low: number, high: number): (text: string) => Parsed<number> {
  return parser((text) => {
    const count = Number(text);
    return /^\d{1,6}$/.test(text) && count >= low && count <= high ? count : undefined;
  }, `is a whole number from ${low} to ${high}`);
}

function parseUrls(text: string): Parsed<readonly string[]> {
  const urls: string[] = [];
  for (const part of text.split(',')) {
    const url = parseBaseUrl(part.trim());
    if (url === undefined) return { ok: false, problem: `has "${part.trim()}", which is no base URL such as http://127.0.0.1:7001` };
    if (urls.includes(url)) return { ok: false, problem: `names ${url} twice` };
    urls.push(url);
  }
  return right(urls);
}

/** Names are part of the founding map, equal on every tracker: they are given, never guessed from addresses. */
function parsePeers(text: string): Parsed<readonly Peer[]> {
  const peers: Peer[] = [];
  for (const part of text.split(',')) {
    const [name = '', address = ''] = part.trim().split('=', 2);
    const url = parseBaseUrl(address);
    if (!namePattern.test(name) || url === undefined) return { ok: false, problem: `has "${part.trim()}", which is not NAME=URL such as tracker-1=http://127.0.0.1:7001` };
    if (peers.some((peer) => peer.name === name || peer.url === url)) return { ok: false, problem: `names ${name} or ${url} twice` };
    peers.push({ name, url });
  }
  return right(peers);
}

export const processTable = {
  'log-level': { value: 'LEVEL', about: 'least important log lines to write: debug, info, warn, error, silent', parse: parseLogLevel, need: withDefault('info') },
} as const satisfies OptionTable;

export const trackerTable = {
  id: { value: 'NAME', about: 'name of this tracker, as in --peers', parse: parseName, need: required },
  listen: { value: 'HOST:PORT', about: 'address to serve on', parse: parseAddress, need: required },
  advertise: { value: 'URL', about: 'base URL others reach this tracker by (default: its entry in --peers)', parse: parseUrl, need: optional },
  peers: { value: 'NAME=URL,…', about: 'all trackers that found the cluster, this one included; the same list on each', parse: parsePeers, need: required },
  data: { value: 'DIR', about: 'folder of the Raft log and the state; empty on the first start', parse: parsePath, need: required },
} as const satisfies OptionTable;

export const seederTable = {
  id: { value: 'NAME', about: 'name of this seeder', parse: parseName, need: required },
  listen: { value: 'HOST:PORT', about: 'address to serve on', parse: parseAddress, need: required },
  advertise: { value: 'URL', about: 'base URL others reach this seeder by (default: the address listened on)', parse: parseUrl, need: optional },
  trackers: { value: 'URL,…', about: 'base URLs of the trackers', parse: parseUrls, need: required },
  data: { value: 'DIR', about: 'folder of the chunks, best on a disk of its own', parse: parsePath, need: required },
  zone: { value: 'NAME', about: 'failure domain, such as a rack; copies are spread over zones', parse: parseName, need: withDefault('default') },
  host: { value: 'NAME', about: 'machine; copies are spread over hosts (default: the host name)', parse: parseName, need: optional },
  capacity: { value: 'SIZE', about: 'bytes to use at most, such as 500G (default: the whole disk)', parse: parser(parseBytes, 'is a size such as 500G'), need: optional },
} as const satisfies OptionTable;

export const clusterTable = {
  dir: { value: 'DIR', about: 'folder of the cluster: data, logs and cluster.json', parse: parsePath, need: withDefault('.disks') },
  'base-port': { value: 'PORT', about: 'trackers listen on PORT+1, +2, …, seeders on PORT+101, +102, … (default: as before, else 7000)', parse: parseCount(1, 65_000), need: optional },
  trackers: { value: 'N', about: 'number of trackers (default: as before, else 3)', parse: parseCount(1, 9), need: optional },
  seeders: { value: 'N', about: 'number of seeders (default: as before, else 3)', parse: parseCount(0, 99), need: optional },
  timeout: { value: 'TIME', about: 'how long to wait for nodes', parse: parser(parseMillis, 'is a duration such as 30s'), need: withDefault('60s') },
  detach: { value: '', about: 'up: return when all are ready instead of staying until Ctrl-C', parse: parseSwitch, need: withDefault('false') },
  json: { value: '', about: 'one JSON object a line on standard output', parse: parseSwitch, need: withDefault('false') },
} as const satisfies OptionTable;

/** `log-level` → `OFFSHORE_LOG_LEVEL`. */
export function envName(flag: string): string {
  return `OFFSHORE_${flag.toUpperCase().replaceAll('-', '_')}`;
}
