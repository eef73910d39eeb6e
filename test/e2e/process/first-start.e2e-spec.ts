import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { pythonWithRequests } from '../../support/python.js';
import { ServerProcess } from '../../support/server-process.js';

const EMAIL = 'admin@example.com';
/** Runs a command on a terminal of its own, copies what it says, hands SIGTERM on, and ends as it ends. */
const ON_A_TERMINAL = `
import os, pty, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
while True:
    try:
        said = os.read(terminal, 4096)
    except OSError:
        said = b''
    if not said:
        break
    os.write(1, said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe('the very first start', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  const login = (url: string, password: string) =>
    fetch(`${url}/crm/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: EMAIL, password }),
    });
  const stop = async (server: ServerProcess) => {
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
  };

  it('tells URL, documents and e-mail, and where the password lies; the second one tells none of it again', async () => {
    const first = await ServerProcess.start(place);
    expect(first.stdout).toMatch(/^OmniCRM is running at http:\/\/127\.0\.0\.1:\d+$/m);
    expect(first.stdout).toContain(`\nDocuments: ${first.url}/crm/docs/\n`);
    expect(first.stdout).toMatch(/^First administrator: admin@example\.com$/m);
    const [, file = ''] = /^Password: in (\S+) /m.exec(first.stdout) ?? [];
    expect(file).toBe(join(place.dataDir, 'first-administrator-password'));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const password = readFileSync(file, 'utf8').trim();
    expect(password).toMatch(/^\w{24}$/);
    expect(first.stdout + first.stderr).not.toContain(password);
    expect((await login(first.url, password)).status).toBe(200);
    expect((await fetch(`${first.url}/crm/docs/`)).status).toBe(200);
    await stop(first);

    const second = await ServerProcess.start(place);
    expect(second.stdout).not.toMatch(/administrator|Password/);
    expect((await login(second.url, password)).status).toBe(200);
    await stop(second);
  });

  it('shows the password on a terminal, once, and writes it to no file', async () => {
    const python = pythonWithRequests();
    const server = await ServerProcess.start(place, { command: (node) => [python, '-c', ON_A_TERMINAL, ...node] });
    const [, password = ''] = /^Password: (\w{24}) \(shown only now: keep it\)\r?$/m.exec(server.stdout) ?? [];
    expect((await login(server.url, password)).status).toBe(200);
    expect(() => statSync(join(place.dataDir, 'first-administrator-password'))).toThrow('ENOENT');
    await stop(server);
  });

  it('takes the password of the environment and prints it nowhere', async () => {
    const password = 'chosen by the operator';
    const server = await ServerProcess.start(place, { environment: { CRM_ADMIN_PASSWORD: password } });
    expect(server.stdout).toMatch(/^Password: as set in CRM_ADMIN_PASSWORD$/m);
    expect(server.stdout + server.stderr).not.toContain(password);
    expect((await login(server.url, password)).status).toBe(200);
    expect(() => statSync(join(place.dataDir, 'first-administrator-password'))).toThrow('ENOENT');
    await stop(server);
  });
});
