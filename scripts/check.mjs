// Everything but the tests. The parts run side by side; a part says something only when it fails.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

// The longest first, so that the short ones fill the gaps.
const PARTS = {
  lint: 'eslint . --max-warnings 0',
  types: 'tsc --noEmit -p tsconfig.json',
  documents:
    'npm run --silent generate && git diff --exit-code --stat -- docs && test -z "$(git ls-files --others --exclude-standard -- docs)"',
  floors: 'depcruise --config .dependency-cruiser.cjs src test bench ormconfig.ts',
  knip: 'knip',
  format: 'prettier --check --log-level warn .',
};

function run(name) {
  const start = performance.now();
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', PARTS[name]], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('close', (status) => {
      const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
      console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds} s`);
      if (status !== 0) {
        console.log(`  $ ${PARTS[name]}\n${Buffer.concat(output).toString()}`);
      }
      resolve(status === 0);
    });
  });
}

async function drain(names, results) {
  for (let name = names.shift(); name; name = names.shift()) {
    results.push(await run(name));
  }
}

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
const queue = asked.length > 0 ? asked : Object.keys(PARTS);
const results = [];
await Promise.all(Array.from({ length: availableParallelism() }, () => drain(queue, results)));
process.exitCode = results.every(Boolean) ? 0 : 1;
