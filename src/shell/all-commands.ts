// Every command of the shell, in the order that `help` shows them.

import type { ShellCommandClass } from './base-command.ts';
import { Locate } from './commands/cluster/locate.ts';
import { Ping } from './commands/cluster/ping.ts';
import { Policy } from './commands/cluster/policy.ts';
import { Status } from './commands/cluster/status.ts';
import { Cat } from './commands/files/cat.ts';
import { Checksum } from './commands/files/checksum.ts';
import { Chmod, Chown } from './commands/files/chmod.ts';
import { Cp } from './commands/files/cp.ts';
import { Df } from './commands/files/df.ts';
import { Du } from './commands/files/du.ts';
import { Find } from './commands/files/find.ts';
import { Head } from './commands/files/head.ts';
import { Ln } from './commands/files/ln.ts';
import { Ls } from './commands/files/ls.ts';
import { Mkdir } from './commands/files/mkdir.ts';
import { Mv } from './commands/files/mv.ts';
import { Preview } from './commands/files/preview.ts';
import { Rm } from './commands/files/rm.ts';
import { Rmdir } from './commands/files/rmdir.ts';
import { Stat } from './commands/files/stat.ts';
import { Tail } from './commands/files/tail.ts';
import { Touch } from './commands/files/touch.ts';
import { Tree } from './commands/files/tree.ts';
import { Cd, Lcd, Lpwd, Pwd } from './commands/session/directories.ts';
import { helpClass } from './commands/session/help.ts';
import { Lls } from './commands/session/lls.ts';
import { Alias, Env, History, SetCommand, Source, Unalias, Unset } from './commands/session/variables.ts';
import { Clear, Echo, Exit, False, Sleep, Time, True, Version } from './commands/session/words.ts';
import { Get } from './commands/transfer/get.ts';
import { Put } from './commands/transfer/put.ts';
import { Registry } from './registry.ts';

export function allCommands(): Registry {
  const classes: readonly ShellCommandClass[] = [
    Ls, Tree, Stat, Find, Du, Df, Cat, Head, Tail, Preview, Checksum,
    Put, Get,
    Mkdir, Rmdir, Touch, Rm, Mv, Cp, Ln, Chmod, Chown,
    Status, Policy, Locate,
    helpClass(() => classes), Exit, Ping, Pwd, Cd, Lpwd, Lcd, Lls, History, SetCommand, Unset, Env, Alias, Unalias, Echo, Time, Sleep, True, False, Source, Clear, Version,
  ];
  return new Registry(classes);
}
