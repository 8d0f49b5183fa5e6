// Every error code of the system, once: HTTP status, who may try again, exit code of a command, what a person should do.
// Codes are part of the protocol: add, never rename. `docs/http-api.md` and `help exit-codes` are made from this table.

/** Where a retry may succeed: nowhere, at the same node later, at the leader, at another copy, or after a fresh layout. */
export type Retry = 'never' | 'later' | 'leader' | 'other-copy' | 'fresh-layout';

export interface ErrorCode {
  readonly status: number;
  readonly retry: Retry;
  readonly exit: number;
  /** GNU-style sentence for people, lower-case end included in messages as `cannot …: <text>`. */
  readonly text: string;
  /** What to do next, in one sentence. */
  readonly hint?: string;
}

export const errorCodes = {
  // requests
  'bad-request': { status: 400, retry: 'never', exit: 2, text: 'Malformed request' },
  'bad-option': { status: 400, retry: 'never', exit: 2, text: 'Invalid option' },
  'invalid-name': { status: 400, retry: 'never', exit: 2, text: 'Invalid file name', hint: 'Names are UTF-8, at most 255 bytes, without "/" and NUL.' },
  'path-too-long': { status: 400, retry: 'never', exit: 2, text: 'File name too long', hint: 'A path has at most 4,096 bytes.' },
  'body-too-large': { status: 413, retry: 'never', exit: 2, text: 'Request body too large' },
  'no-such-route': { status: 404, retry: 'never', exit: 2, text: 'No such route' },
  'method-not-allowed': { status: 405, retry: 'never', exit: 2, text: 'Method not allowed' },
  'version-unsupported': { status: 400, retry: 'never', exit: 2, text: 'Protocol version not supported', hint: 'Upgrade the older side.' },
  // namespace
  'not-found': { status: 404, retry: 'never', exit: 4, text: 'No such file or directory' },
  'exists': { status: 409, retry: 'never', exit: 7, text: 'File exists' },
  'not-a-directory': { status: 409, retry: 'never', exit: 3, text: 'Not a directory' },
  'is-a-directory': { status: 409, retry: 'never', exit: 3, text: 'Is a directory' },
  'not-a-file': { status: 409, retry: 'never', exit: 2, text: 'Not a regular file' },
  'not-empty': { status: 409, retry: 'never', exit: 1, text: 'Directory not empty' },
  'into-itself': { status: 409, retry: 'never', exit: 2, text: 'Cannot move a directory into itself' },
  'too-many-links': { status: 409, retry: 'never', exit: 1, text: 'Too many levels of symbolic links' },
  'same-file': { status: 409, retry: 'never', exit: 1, text: 'Source and target are the same file' },
  'busy': { status: 409, retry: 'never', exit: 1, text: 'Device or resource busy' },
  'precondition-failed': { status: 412, retry: 'never', exit: 7, text: 'Changed in the meantime' },
  'ambiguous': { status: 409, retry: 'never', exit: 2, text: 'Ambiguous', hint: 'Give more digits.' },
  'changed': { status: 409, retry: 'never', exit: 1, text: 'File changed while it was read', hint: 'Read it again.' },
  'permission-denied': { status: 403, retry: 'never', exit: 6, text: 'Permission denied' },
  'quota-exceeded': { status: 507, retry: 'never', exit: 8, text: 'Disk quota exceeded' },
  'pruned': { status: 410, retry: 'never', exit: 4, text: 'History pruned' },
  'reupload': { status: 409, retry: 'never', exit: 5, text: 'Chunks must be sent again' },
  // consensus
  'not-leader': { status: 421, retry: 'leader', exit: 5, text: 'Not the leader' },
  'no-leader': { status: 503, retry: 'later', exit: 5, text: 'No leader', hint: 'A majority of trackers must be up.' },
  'no-tracker': { status: 503, retry: 'never', exit: 5, text: 'No tracker answers', hint: 'Is the cluster running (`offshore cluster status`)? Name its trackers with --tracker or OFFSHORE_TRACKER.' },
  'starting': { status: 503, retry: 'later', exit: 5, text: 'Still starting' },
  'stopping': { status: 503, retry: 'leader', exit: 5, text: 'Shutting down' },
  'overloaded': { status: 503, retry: 'later', exit: 5, text: 'Overloaded' },
  'outcome-unknown': { status: 504, retry: 'never', exit: 5, text: 'Outcome unknown', hint: 'Look whether it happened before you repeat it.' },
  'session-expired': { status: 409, retry: 'never', exit: 5, text: 'Session expired' },
  'sessions-full': { status: 503, retry: 'later', exit: 5, text: 'Too many client sessions' },
  'wrong-cluster': { status: 409, retry: 'never', exit: 1, text: 'Belongs to another cluster', hint: 'Check the addresses.' },
  'wiped-member': { status: 409, retry: 'never', exit: 1, text: 'This member lost its data', hint: 'It must not vote under its old id: run `offshore tracker replace NAME`.' },
  'wiped-seeder': { status: 409, retry: 'never', exit: 1, text: 'This seeder lost its data', hint: 'Run `offshore seeder replace NAME`.' },
  'member-removed': { status: 410, retry: 'never', exit: 1, text: 'This member was removed from the cluster' },
  'log-damaged': { status: 500, retry: 'never', exit: 9, text: 'Raft log damaged', hint: 'Remove this tracker\'s data and run `offshore tracker replace NAME`.' },
  'state-damaged': { status: 500, retry: 'never', exit: 9, text: 'State damaged', hint: 'This node must not go on with it. The others have the data: replace it (`offshore tracker replace NAME`).' },
  'snapshot-gone': { status: 410, retry: 'later', exit: 5, text: 'Snapshot no longer held' },
  // data
  'chunk-missing': { status: 404, retry: 'other-copy', exit: 5, text: 'Chunk not on this seeder' },
  'chunk-corrupt': { status: 500, retry: 'other-copy', exit: 9, text: 'Chunk damaged on disk' },
  'chunk-mismatch': { status: 422, retry: 'never', exit: 9, text: 'Bytes do not match their checksum' },
  'chunk-unreachable': { status: 503, retry: 'later', exit: 5, text: 'No copy of a chunk could be read', hint: 'See `offshore status`: the seeders that hold it are down.' },
  'layout-changed': { status: 409, retry: 'fresh-layout', exit: 5, text: 'Layout changed' },
  'too-few-copies': { status: 503, retry: 'later', exit: 5, text: 'Too few seeders to store safely', hint: 'See `offshore status`.' },
  'disk-full': { status: 507, retry: 'other-copy', exit: 8, text: 'No space left on device', hint: 'Remove files or add a seeder.' },
  'store-closed': { status: 503, retry: 'other-copy', exit: 5, text: 'Store closed after a disk error', hint: 'See the log of this seeder.' },
  // transport and local
  'unreachable': { status: 503, retry: 'later', exit: 5, text: 'Connection failed' },
  'timeout': { status: 504, retry: 'later', exit: 5, text: 'Timed out' },
  'aborted': { status: 499, retry: 'never', exit: 130, text: 'Interrupted' },
  'bad-answer': { status: 502, retry: 'other-copy', exit: 1, text: 'Answer not understood' },
  'local-io': { status: 500, retry: 'never', exit: 1, text: 'Local input/output error' },
  'internal': { status: 500, retry: 'never', exit: 1, text: 'Internal error' },
} as const satisfies Record<string, ErrorCode>;

export type ErrorCodeName = keyof typeof errorCodes;

export function isErrorCode(text: string): text is ErrorCodeName {
  return Object.hasOwn(errorCodes, text);
}
