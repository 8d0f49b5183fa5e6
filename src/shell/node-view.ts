// How a node of the namespace is shown: JSON for scripts, the short content id, the mark of `ls -F`.

import type { NodeInfo } from '../model/node-info.ts';
import { formatMode } from './core/format.ts';

/** First digits of a content id, as the shell shows and takes them. */
export const shortIdDigits = 5;

export function shortId(node: Pick<NodeInfo, 'contentId'>): string {
  return node.contentId?.slice(0, shortIdDigits) ?? '-'.repeat(shortIdDigits);
}

export function nodeJson(path: string, node: NodeInfo): Readonly<Record<string, unknown>> {
  return {
    type: node.kind, path, name: path.slice(path.lastIndexOf('/') + 1), bytes: node.bytes, mode: (node.mode & 0o7777).toString(8).padStart(4, '0'), uid: node.uid,
    gid: node.gid, mtimeMs: node.mtimeMs, ctimeMs: node.ctimeMs, ino: node.ino, version: node.version, links: node.links, contentId: node.contentId,
    storageClass: node.storageClass, target: node.target, children: node.children, treeBytes: node.treeBytes, treeInodes: node.treeInodes,
  };
}

export function modeText(node: NodeInfo): string {
  return formatMode(node.kind, node.mode);
}

/** What `-F` puts behind a name. */
export function kindMark(node: NodeInfo): string {
  if (node.kind === 'directory') return '/';
  if (node.kind === 'symlink') return '@';
  return (node.mode & 0o111) !== 0 ? '*' : '';
}
