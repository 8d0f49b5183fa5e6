// Questions about the namespace: what is at a path, in a directory, in a file; which file has a content; what a tree weighs.

import { mustExist } from '../../base/assert.ts';
import { OffshoreError } from '../../base/errors.ts';
import type { ContentId, Ino, LogIndex } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import { decodePage, type ManifestEntry } from '../../model/manifest.ts';
import type { DirectoryEntry, NodeInfo } from '../../model/node-info.ts';
import { formatStorageClass, fromClassCode } from '../../model/storage-class.ts';
import { describe, describeInode } from './core/describe.ts';
import { hex, readHex, readU64, readUtf8, u64, utf8 } from './core/key.ts';
import { contentTable, pageTable } from './core/records-content.ts';
import {
  contentIndexTable, type DirentName, direntTable, type FileInode, historyPrefix, historyTable, type Inode, inodeTable, standingTable,
} from './core/records-names.ts';
import { settingsFact } from './core/records-facts.ts';
import { inoOf, mustResolve, resolve, rootIno } from './core/resolve.ts';
import { bodyAfter, bodyBehind, mustBeFounded, type PinnedView } from './pinned-view.ts';
import type { ContentMatch, FileBody, FileManifest, FileTarget, Listing, ManifestRange, Usage } from './query-types.ts';

export async function stat(view: PinnedView, path: string, follow: 'final-symlink' | 'never'): Promise<NodeInfo> {
  mustBeFounded(view);
  return describe(view, inoOf(mustResolve(view, path, follow)));
}

export async function statIno(view: PinnedView, ino: Ino): Promise<NodeInfo> {
  mustBeFounded(view);
  if (view.get(inodeTable, ino) === undefined) throw new OffshoreError('not-found', { ino });
  return describe(view, ino);
}

export async function list(view: PinnedView, path: string, page: { readonly after?: string; readonly limit: number }): Promise<Listing> {
  mustBeFounded(view);
  const directory = describe(view, inoOf(mustResolve(view, path, 'final-symlink')));
  if (directory.kind !== 'directory') throw new OffshoreError('not-a-directory', { path });
  const limit = Math.max(1, Math.min(page.limit, limits.listPageMax));
  const prefix = u64(directory.ino);
  const from = page.after === undefined ? prefix : bodyBehind(prefix + utf8(page.after));
  const to = bodyAfter(prefix);
  const found = await view.scan(direntTable, { from, ...(to === undefined ? {} : { to }) }, limit + 1);
  const shown = found.slice(0, limit).map((each) => ({ name: readUtf8(each.body, prefix.length), ino: each.row.ino, kind: each.row.kind }));
  const inodes = await view.getMany(inodeTable, shown.map((each) => each.ino));
  const entries = shown.map((each, i): DirectoryEntry => {
    const inode = mustExist(inodes[i], 'a directory entry names an inode');
    const tally = each.kind === 'directory' ? view.get(standingTable, each.ino)?.tally : undefined;
    return { name: each.name, node: describeInode(each.ino, inode, tally) };
  });
  const last = entries.at(-1);
  return { directory, entries, ...(found.length > limit && last !== undefined ? { next: last.name } : {}) };
}

export async function manifest(view: PinnedView, target: FileTarget, range: ManifestRange): Promise<FileManifest> {
  mustBeFounded(view);
  const ino = target.kind === 'ino' ? target.ino : inoOf(mustResolve(view, target.path, 'final-symlink'));
  const present = view.get(inodeTable, ino);
  if (present === undefined) throw new OffshoreError('not-found', { ino });
  const inode = range.version === undefined || present.since.index === range.version ? present : await olderVersion(view, ino, range.version);
  if (inode.kind === 'directory') throw new OffshoreError('is-a-directory', target.kind === 'path' ? { path: target.path } : { ino });
  if (inode.kind === 'symlink') throw new OffshoreError('not-a-file', { ino });
  return { node: describeInode(ino, inode, undefined), body: await bodyOf(view, inode, range) };
}

/** A reader of many pages goes on with the version it began, as long as history has it. */
async function olderVersion(view: PinnedView, ino: Ino, version: LogIndex): Promise<Inode> {
  const prefix = historyPrefix({ kind: 'inode', ino });
  const to = bodyAfter(prefix);
  const [found] = await view.scan(historyTable, { from: prefix + u64(version + 1), ...(to === undefined ? {} : { to }) }, 1);
  const inode = found === undefined ? undefined : inodeTable.decode(found.row);
  if (inode?.since.index !== version) throw new OffshoreError('changed', { ino, version });
  return inode;
}

async function bodyOf(view: PinnedView, inode: FileInode, range: ManifestRange): Promise<FileBody> {
  const { body } = inode;
  if (body.kind === 'empty') return { kind: 'inline', bytes: new Uint8Array(0) };
  const content = mustExist(view.get(contentTable, body.content), 'a version has a content');
  if (content.kind === 'inline') return { kind: 'inline', bytes: content.bytes };
  const names = content.pages.slice(range.fromPage, range.fromPage + Math.min(range.pages, limits.manifestPagesMax));
  const pages = await view.getMany(pageTable, names.map((page) => ({ classCode: content.classCode, page })));
  return {
    kind: 'chunked', chunkBytes: body.kind === 'chunked' ? body.chunkBytes : limits.chunkBytesDefault, pageCount: content.pages.length,
    pages: pages.map((page): readonly ManifestEntry[] => decodePage(mustExist(page, 'a content holds its pages'))),
  };
}

export async function findContent(view: PinnedView, prefix: string, limit: number): Promise<readonly ContentMatch[]> {
  mustBeFounded(view);
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) throw new OffshoreError('bad-request', { reason: 'hex digits', prefix });
  const even = prefix.length % 2 === 0;
  const to = bodyAfter(hex(even ? prefix : `${prefix}f`));
  let from = hex(even ? prefix : `${prefix}0`);
  const matches: ContentMatch[] = [];
  for (let scanned = 0; scanned < limits.findScanRowsMax;) {
    const rows = await view.scan(contentIndexTable, { from, ...(to === undefined ? {} : { to }) }, limits.listPageDefault);
    for (const { body } of rows) {
      const contentId = readHex(body, 0, 32) as ContentId;
      const ino = readU64(body, 32) as Ino;
      const path = pathOf(view, ino);
      if (path === undefined) continue;
      matches.push({ contentId, node: describe(view, ino), path });
      if (matches.length >= limit) return matches;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < limits.listPageDefault) break;
    from = bodyBehind(last.body);
    scanned += rows.length;
  }
  return matches;
}

export function pathOf(view: PinnedView, ino: Ino): string | undefined {
  const names: string[] = [];
  for (let at: number = ino; at !== rootIno;) {
    const standing = view.get(standingTable, at as Ino);
    if (standing === undefined || standing.parent === 0) return undefined;
    names.push(standing.name);
    at = standing.parent;
  }
  return `/${names.reverse().join('/')}`;
}

export async function usage(view: PinnedView, path: string): Promise<Usage> {
  const node = await stat(view, path, 'never');
  return { bytes: node.treeBytes ?? (node.kind === 'file' ? node.bytes : 0), inodes: 1 + (node.treeInodes ?? 0) };
}

export async function policy(view: PinnedView, path: string): Promise<string> {
  mustBeFounded(view);
  const found = resolve(view, path, 'final-symlink');
  const start: DirentName | undefined = found.kind === 'root' ? undefined : found;
  let ino: Ino = found.kind === 'entry' && found.dirent.kind === 'directory' ? found.dirent.ino : start?.parent ?? rootIno;
  for (;;) {
    const inode = mustExist(view.get(inodeTable, ino), 'a directory has an inode');
    if (inode.kind === 'directory' && inode.policy !== undefined) return formatStorageClass(fromClassCode(inode.policy));
    if (ino === rootIno) return mustExist(view.get(settingsFact, 'only'), 'a founded state has settings').defaultClass;
    ino = mustExist(view.get(standingTable, ino), 'every inode has a standing').parent as Ino;
  }
}

