// Builds dist/ when it does not belong to the sources that lie here; `--force` builds in any case.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packPackages } from './pack-packages.mjs';

const root = join(import.meta.dirname, '..');
const stamp = join(root, 'dist', '.built-from');
const PACKERS = ['scripts/leave-out.mjs', 'scripts/pack-packages.mjs'];

/** Contents, not times: a checkout, a copy and a container layer set times as they like. */
function digestOfSources() {
  const hash = createHash('sha256');
  const add = (path) => {
    const full = join(root, path);
    if (statSync(full).isDirectory()) {
      readdirSync(full)
        .sort()
        .forEach((name) => add(`${path}/${name}`));
    } else if (!path.endsWith('.spec.ts')) {
      hash.update(`${path}\0`).update(readFileSync(full)).update('\0');
    }
  };
  const configs = readdirSync(root).filter((name) => /^tsconfig.*\.json$/.test(name));
  ['src', 'ormconfig.ts', 'nest-cli.json', 'package.json', 'package-lock.json', ...PACKERS, ...configs.sort()]
    .filter((path) => existsSync(join(root, path)))
    .forEach(add);
  return hash.digest('hex');
}

function nestCli() {
  try {
    return createRequire(import.meta.url).resolve('@nestjs/cli/bin/nest.js');
  } catch {
    console.error('dist/ is missing or older than the sources, and the build tools are not installed: run `npm ci`.');
    return process.exit(1);
  }
}

async function build(digest) {
  console.log('Building dist/ ...');
  const { status, error } = spawnSync(process.execPath, [nestCli(), 'build'], { cwd: root, stdio: 'inherit' });
  if (error || status !== 0) {
    console.error(`The build failed${error ? `: ${error.message}` : '.'}`);
    process.exit(1);
  }
  await packPackages(root);
  writeFileSync(stamp, digest);
}

// A container image has dist/ alone: nothing to build from, nothing to build.
if (existsSync(join(root, 'src'))) {
  const digest = digestOfSources();
  const built = existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
  if (!built || process.argv.includes('--force')) {
    await build(digest);
  }
}
