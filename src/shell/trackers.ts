// Which trackers to talk to: the flag, the environment, the local cluster's own file, the local cluster's usual ports.

import { OffshoreError } from '../base/errors.ts';
import { MiB } from '../base/limits.ts';
import { readLocalText, resolveLocal } from './local-files.ts';
import type { ShellIo } from './shell-io.ts';

const usual = ['http://127.0.0.1:7001', 'http://127.0.0.1:7002', 'http://127.0.0.1:7003'] as const;

export async function findTrackers(flag: string | undefined, io: Pick<ShellIo, 'env' | 'cwd'>): Promise<readonly string[]> {
  const text = flag ?? io.env['OFFSHORE_TRACKER'];
  if (text !== undefined && text.trim() !== '') return parseTrackers(text);
  const disks = resolveLocal(io.cwd, io.env['OFFSHORE_DISKS'] ?? '.disks', io.env['HOME']);
  const file = await readLocalText(`${disks}/cluster.json`, MiB).catch(() => undefined);
  const found = file === undefined ? [] : fromClusterFile(file);
  return found.length > 0 ? found : usual;
}

/** `URL,URL`; `host:port` is taken as http. Throws `bad-option` that names the wrong part. */
export function parseTrackers(text: string): string[] {
  return text.split(',').map((part) => part.trim()).filter((part) => part !== '').map((part) => {
    const url = /^https?:\/\//.test(part) ? part : `http://${part}`;
    if (!URL.canParse(url)) throw new OffshoreError('bad-option', {}, { message: `Invalid tracker address '${part}'` });
    return url.replace(/\/+$/, '');
  });
}

/** `trackerUrls` of what `offshore cluster up` writes; a file of another shape names none. */
export function fromClusterFile(text: string): string[] {
  try {
    const parsed: unknown = JSON.parse(text);
    const urls = typeof parsed === 'object' && parsed !== null && 'trackerUrls' in parsed ? parsed.trackerUrls : undefined;
    return Array.isArray(urls) ? urls.filter((url): url is string => typeof url === 'string') : [];
  } catch {
    return [];
  }
}
