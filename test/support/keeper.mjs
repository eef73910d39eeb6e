// keeper.mjs FOLDER [COMMAND [ARGUMENT...]]
// Runs the command until standard input ends, which it does however the process at its other end dies, then removes the
// folder. So no server and no file outlives a test run, be it finished, interrupted or killed.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';

const [folder, command, ...args] = process.argv.slice(2);

const leave = (status) => {
  rmSync(folder, { recursive: true, force: true });
  process.exit(status ?? 1);
};

let end = () => leave(0);
if (command) {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  child.on('error', () => leave(1));
  child.on('exit', leave);
  // What it would save by an orderly end is removed anyway.
  end = () => child.kill('SIGKILL');
}
process.stdin.on('end', () => end()).resume();
