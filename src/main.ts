// The program: argv to a role, the local cluster, or the shell; then its exit code. Loads only the code that the arguments ask for.
// Nothing else may read process.argv or end the process in the ordinary way.

import { setMaxListeners } from 'node:events';
import { clusterHelp, generalHelp, roleHelp } from './config/core/help.ts';
import type { OptionProblem } from './config/core/parse.ts';
import { readRoleOptions, roleNames } from './config/core/role-options.ts';
import { program } from './roles/program.ts';

const exitUsage = 2;

// File and hashing calls of a daemon wait for libuv's threads: four, its default, are too few for a disk. It takes the number when
// the first of them is started, so it must be set before anything else runs.
process.env['UV_THREADPOOL_SIZE'] ??= '16';

// One signal ends many calls at once, on purpose: Node's warning about more than ten listeners would only confuse users.
setMaxListeners(0);

async function main(argv: readonly string[]): Promise<number> {
  const [first] = argv;
  const asksHelp = argv.includes('--help') || argv.includes('-h');
  if (isRole(argv)) return asksHelp ? showRoleHelp(argv) : runRoles(argv);
  if (first === undefined) return showUsage(generalHelp);
  if (first === 'cluster') return argv.length === 1 ? showUsage(clusterHelp) : asksHelp ? show(clusterHelp) : (await import('./roles/local-cluster/run-cluster.ts')).runCluster(argv.slice(1));
  if (first === 'health') return (await import('./roles/health-probe/health-probe.ts')).runHealthProbe(argv.slice(1));
  if (first === 'version' || first === '--version') return showVersion(argv.includes('--json'));
  if (first === '--help' || first === '-h') return show(generalHelp);
  return (await import('./roles/shell/shell.ts')).runShellProcess(argv);
}

/** A role is asked for by flag; by OFFSHORE_ROLE only when no command is given, so that a shell works in a node's container. */
function isRole(argv: readonly string[]): boolean {
  if (argv.some((word) => word === '--role' || word.startsWith('--role='))) return argv[0]?.startsWith('--') ?? false;
  return (process.env['OFFSHORE_ROLE'] ?? '') !== '' && (argv.length === 0 || argv.every((word) => word.startsWith('--') && word !== '--version' && word !== '--help'));
}

async function runRoles(argv: readonly string[]): Promise<number> {
  const read = readRoleOptions(argv, process.env);
  if (!read.ok) return refuse(read.problems, 'offshore --role=tracker --help');
  return (await import('./roles/daemon/daemon.ts')).runDaemon(read.value);
}

function showRoleHelp(argv: readonly string[]): number {
  const named = roleNames.filter((role) => argv.some((word) => word.includes(role)));
  return show((named.length === 0 ? roleNames : named).map(roleHelp).join('\n'));
}

function refuse(problems: readonly OptionProblem[], help: string): number {
  for (const { option, problem } of problems) process.stderr.write(`offshore: ${option} ${problem}\n`);
  process.stderr.write(`Try '${help}'.\n`);
  return exitUsage;
}

function show(text: string): number {
  process.stdout.write(text);
  return 0;
}

function showUsage(text: string): number {
  process.stderr.write(text);
  return exitUsage;
}

function showVersion(asJson: boolean): number {
  return show(asJson ? `${JSON.stringify(program)}\n` : `offshore ${program.version} (${program.revision})\n`);
}

// A terminal that hung up takes no messages; what is being stopped or finished must not die of that.
process.stderr.on('error', () => {});

main(process.argv.slice(2)).then(
  // Nothing is cut off: what was written to a pipe may still be on its way when the code is known.
  (code) => leave(code),
  (error: unknown) => {
    process.stderr.write(`offshore: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    leave(1);
  },
);

function leave(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
