// `./scripts/start`: brings the local cluster up, opens the shell on it, and stops what it started when the shell ends, however it ends.
// The shell has the terminal; this process only waits for it. Data stays in the folder for the next start.

import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const offshore = join(root, 'dist/offshore');
const help = `usage: ./scripts/start [--disks DIR] [--base-port N] [arguments of "offshore shell"]

Starts 3 trackers and 3 seeders with data in DIR (default: .disks of the project), opens the shell, and stops them on exit.
Commands on standard input, or by -c, are run instead of a prompt; the exit status is the last one's.
`;

const { disks, clusterArgs, shellArgs } = readArguments(process.argv.slice(2));
let shell;
let interrupted = false;
let hungUp = false;

// Ctrl-C reaches the whole group: the shell decides what it means. TERM and HUP are for us, and are passed on.
process.on('SIGINT', () => {
  interrupted = true;
});
for (const signal of ['SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    interrupted = true;
    hungUp ||= signal === 'SIGHUP';
    shell?.kill(signal);
  });
}

process.stderr.on('error', () => {});
process.exitCode = await main();
// Node aborts when it cannot put the settings of a lost terminal back; dying of the hang-up is what it would say otherwise.
if (hungUp) {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}

async function main() {
  const up = await run(['cluster', 'up', '--detach', '--json', '--dir', disks, ...clusterArgs], { stdin: 'ignore', stdout: 'pipe' });
  if (up.code !== 0) return interrupted ? 130 : up.code;
  const { trackers, started } = JSON.parse(up.output.trim().split('\n').at(-1));
  try {
    if (interrupted) return 130;
    const ended = await run(['shell', ...shellArgs], { stdin: 'inherit', stdout: 'inherit', env: { ...process.env, OFFSHORE_TRACKER: trackers.join(',') } });
    return ended.code;
  } finally {
    if (started.length > 0) await run(['cluster', 'stop', '--dir', disks, ...started], { stdin: 'ignore', stdout: 'ignore', stderr: process.stderr.isTTY && !hungUp ? 'inherit' : 'ignore', ownGroup: true });
  }
}

/** Resolves with the exit code; a signal counts as shells count it. */
function run(args, { stdin, stdout, stderr = 'inherit', env = process.env, ownGroup = false }) {
  return new Promise((done) => {
    // Stopping the cluster goes on when the terminal's Ctrl-C is pressed again.
    const child = spawn(process.execPath, [offshore, ...args], { stdio: [stdin, stdout, stderr], env, detached: ownGroup });
    if (args[0] === 'shell' || args[1] === 'up') shell = child;
    let output = '';
    child.stdout?.on('data', (part) => (output += part));
    child.on('error', (error) => {
      process.stderr.write(`offshore: ${error.message}\n`);
      done({ code: 126, output });
    });
    child.on('close', (code, signal) => {
      shell = undefined;
      done({ code: code ?? 128 + ({ SIGINT: 2, SIGHUP: 1, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0), output });
    });
  });
}

function readArguments(argv) {
  const read = { disks: join(root, '.disks'), clusterArgs: [], shellArgs: [] };
  for (let i = 0; i < argv.length; i += 1) {
    const [flag, inline] = argv[i].startsWith('--') ? argv[i].split(/=(.*)/s) : [argv[i]];
    if (flag === '--help') {
      process.stdout.write(help);
      process.exit(0);
    }
    if (flag !== '--disks' && flag !== '--base-port') {
      read.shellArgs.push(argv[i]);
      continue;
    }
    const value = inline ?? argv[(i += 1)];
    if (value === undefined || value === '') {
      process.stderr.write(`offshore: start: ${flag} needs a value\n${help}`);
      process.exit(2);
    }
    if (flag === '--disks') read.disks = resolve(value);
    else read.clusterArgs.push('--base-port', value);
  }
  return read;
}
