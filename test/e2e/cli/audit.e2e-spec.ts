import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { execute } from '../../support/rows.js';

describe('audit', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
    await cli(place, ['admin', 'create', '--email', 'maria@example.com']);
  });
  afterEach(() => place.drop());

  it('verify says that all is well, or names the entry that is not', async () => {
    expect(await cli(place, ['audit', 'verify'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^All \d+ change records are as they were written\.\n$/),
    });
    await execute(place, `UPDATE audit_logs SET actor_name = 'somebody else' WHERE audit_id = 2`);
    expect(await cli(place, ['audit', 'verify'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'The chain is broken at audit entry 2: the entry was changed.\n',
    });
  });

  it('a checkpoint is printed, and found again by verify until the tail is cut off', async () => {
    const file = join(place.dataDir, 'checkpoint.json');
    writeFileSync(file, (await cli(place, ['audit', 'checkpoint'])).stdout);
    expect(await cli(place, ['audit', 'verify', '--checkpoint', file])).toMatchObject({ status: 0 });
    await execute(place, 'DELETE FROM audit_logs');
    await execute(place, 'DELETE FROM audit_chain');
    expect(await cli(place, ['audit', 'verify', '--checkpoint', file])).toMatchObject({
      status: 1,
      stderr: 'The chain is broken: the chain ends before the checkpoint.\n',
    });
  });

  it('a checkpoint that is none is refused in one line', async () => {
    const file = join(place.dataDir, 'checkpoint.json');
    for (const text of ['', '[]', '{"seq": 1}', '{"seq": "x", "hash": 1, "at": "never", "signature": null}']) {
      writeFileSync(file, text);
      const said = await cli(place, ['audit', 'verify', '--checkpoint', file]);
      expect(said).toMatchObject({ status: 1, stdout: '' });
      expect(said.stderr.trimEnd()).not.toContain('\n    at ');
    }
    expect(await cli(place, ['audit', 'verify', '--checkpoint', join(place.dataDir, 'none')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^Cannot read the checkpoint: ENOENT/),
    });
  });
});
