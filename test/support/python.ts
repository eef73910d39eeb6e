import { spawnSync } from 'node:child_process';
import { findExecutables, installOrExplain } from './apt.js';

const HOW_TO_GET_ONE =
  'The tests run the Python scripts of the documentation and found no python3 with the package requests: ' +
  'install both (Debian: apt-get install python3 python3-requests).';

/** The path of a python3 that can `import requests`; installed on the way where that is possible. */
export function pythonWithRequests(): string {
  const found = find();
  if (found) {
    return found;
  }
  installOrExplain(['python3', 'python3-requests'], HOW_TO_GET_ONE);
  const installed = find();
  if (!installed) {
    throw new Error(HOW_TO_GET_ONE);
  }
  return installed;
}

function find(): string | undefined {
  return findExecutables('python3').find(
    (python) => spawnSync(python, ['-c', 'import requests'], { stdio: 'ignore' }).status === 0,
  );
}
