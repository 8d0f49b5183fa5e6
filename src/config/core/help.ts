// Help texts of the program, its roles and the local cluster, made from the option tables: what is not in a table is not in the help.

import { unreachable } from '../../base/assert.ts';
import { clusterTable, envName, processTable, seederTable, trackerTable, type OptionRow, type OptionTable } from './option-table.ts';
import type { RoleName } from './role-options.ts';

export const generalHelp = `offshore: a distributed file system

Usage:
  offshore shell [--tracker URL,…] [-c COMMAND]… [-f FILE]   open the shell, or run commands in it
  offshore COMMAND …                 one shell command: offshore ls /, offshore put FILE /dir, offshore status
  offshore help                      every shell command
  offshore cluster up|down|status|kill|stop|start …          a local cluster; offshore cluster --help
  offshore --role=tracker …          run a tracker; offshore --role=tracker --help
  offshore --role=seeder …           run a seeder; offshore --role=seeder --help
  offshore health [--url URL]        is a node ready: exit 0 or 5, for scripts and health checks
  offshore version [--json]

Examples:
  offshore cluster up --detach
  offshore put photos /photos -r
  OFFSHORE_TRACKER=http://10.0.0.1:7001,http://10.0.0.2:7001 offshore ls -l /photos
`;

export function roleHelp(role: RoleName): string {
  switch (role) {
    case 'tracker': return `offshore --role=tracker: metadata of the file system, replicated by Raft

${describe({ ...trackerTable, ...processTable })}

Examples:
  offshore --role=tracker --id=tracker-1 --listen=127.0.0.1:7001 --data=/var/lib/offshore/tracker-1 \\
    --peers=tracker-1=http://127.0.0.1:7001,tracker-2=http://127.0.0.1:7002,tracker-3=http://127.0.0.1:7003
  offshore --role=tracker,seeder --peers=… --trackers=… --data=/var/lib/offshore \\
    --tracker-id=tracker-1 --tracker-listen=:7001 --seeder-id=seeder-1 --seeder-listen=:7101 --seeder-advertise=http://10.0.0.1:7101
${commonNotes}`;
    case 'seeder': return `offshore --role=seeder: chunks of files on one disk

${describe({ ...seederTable, ...processTable })}

Examples:
  offshore --role=seeder --id=seeder-1 --listen=127.0.0.1:7101 --data=/disks/1 --trackers=http://127.0.0.1:7001,http://127.0.0.1:7002
  OFFSHORE_ROLE=seeder OFFSHORE_ID=seeder-2 OFFSHORE_LISTEN=:7101 OFFSHORE_ADVERTISE=http://10.0.0.2:7101 \\
    OFFSHORE_TRACKERS=http://10.0.0.1:7001 OFFSHORE_DATA=/disks/2 OFFSHORE_ZONE=rack-2 offshore
${commonNotes}`;
    default: return unreachable(role);
  }
}

const commonNotes = `
Every option is also an environment variable (--log-level is OFFSHORE_LOG_LEVEL); a flag wins. Where one process has several roles,
--tracker-NAME and --seeder-NAME give an option to one of them. SIGTERM stops cleanly. Logs are JSON lines on standard error.
`;

export const clusterHelp = `offshore cluster: trackers and seeders as processes of this machine

Usage:
  offshore cluster up [--detach]          start what does not run, wait until all are ready
  offshore cluster down                   stop all; data stays
  offshore cluster status                 every node: state, pid, address
  offshore cluster kill NODE…             SIGKILL, as a crash would
  offshore cluster stop NODE…             SIGTERM, and wait
  offshore cluster start NODE…            start again with the same ports and data

${describe(clusterTable, 'cluster-')}

Examples:
  offshore cluster up --detach
  offshore cluster up --dir /tmp/other --base-port 8000 --trackers 1 --seeders 5
  offshore cluster kill tracker-2 && offshore cluster start tracker-2
`;

function describe(table: OptionTable, envPrefix = ''): string {
  const lines = Object.entries(table).map(([name, row]) => ({ left: `  --${name}${row.value === '' ? '' : ` ${row.value}`}`, right: `${row.about}${noteOf(row)} [${envName(envPrefix + name)}]` }));
  const width = Math.max(...lines.map((line) => line.left.length)) + 2;
  return `Options:\n${lines.map((line) => line.left.padEnd(width) + line.right).join('\n')}`;
}

function noteOf(row: OptionRow): string {
  switch (row.need.kind) {
    case 'required': return ' (required)';
    case 'default': return row.value === '' ? '' : ` (default: ${row.need.text})`;
    case 'optional': return '';
    default: return unreachable(row.need);
  }
}
