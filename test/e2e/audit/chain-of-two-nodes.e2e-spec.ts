import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { AuditRepository } from '../../../src/audit/audit.repository.js';
import { AuditService } from '../../../src/audit/audit.service.js';
import { ChainLinks } from '../../../src/audit/chain/chain-links.js';
import { ChainRepository } from '../../../src/audit/chain/chain.repository.js';
import { ChainService } from '../../../src/audit/chain/chain.service.js';
import { systemPrincipal } from '../../../src/common/principal.js';
import { entities } from '../../../src/entities.js';
import { Database } from '../../../src/platform/database/database.js';
import { NewRows } from '../../../src/platform/database/new-rows.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { Rows } from '../../../src/platform/database/rows.js';
import { Pager } from '../../../src/platform/paging/pager.js';
import { TestApp } from '../../support/app.js';

const CHANGES = 400;

interface Node {
  readonly database: Database;
  readonly audit: AuditService;
  readonly chain: ChainService;
}

/** SQLite has one process that writes at a time, so there the two nodes share a connection; on MariaDB each has its own. */
async function secondNode(app: TestApp): Promise<Node & { close(): Promise<void> }> {
  const { url, dataDir } = app.database;
  const isShared = url === null;
  const database = isShared ? app.get(Database) : await openDatabase({ databaseUrl: url, dataDir }, entities);
  const audit = new AuditService(
    database,
    new AuditRepository(database, new NewRows(database), app.get(Pager)),
    app.clock,
  );
  const chain = new ChainService(
    database,
    new ChainRepository(database, new Rows(database)),
    app.get(ChainLinks),
    app.clock,
  );
  return { database, audit, chain, close: () => (isShared ? Promise.resolve() : database.close()) };
}

describe('the chain of two nodes', () => {
  it(`is whole after ${CHANGES} changes at once, sealed by both all the while, some of them rolled back`, async () => {
    const app = await TestApp.start();
    const other = await secondNode(app);
    try {
      const nodes: Node[] = [
        { database: app.get(Database), audit: app.get(AuditService), chain: app.get(ChainService) },
        other,
      ];
      const before = await app.get(Database).repository(AuditLog).count();
      const change = async (index: number): Promise<void> => {
        const { database, audit, chain } = nodes[index % 2]!;
        const work = database.transaction(async () => {
          await audit.record(systemPrincipal('a test'), {
            event: 'test.changed',
            subject: { type: 'test', id: index + 1 },
          });
          if (index % 10 === 0) throw new Error('rolled back');
        });
        await work.catch(() => undefined);
        if (index % 25 === 0) await chain.seal();
      };
      await Promise.all(Array.from({ length: CHANGES }, (_, index) => change(index)));
      const kept = before + CHANGES * 0.9;
      expect(await other.chain.verify()).toEqual({ checked: kept, firstBroken: null });
      const rows = await app.get(Database).repository(AuditLog).find();
      expect(new Set(rows.map((row) => row.sealedSeq)).size).toBe(kept);
    } finally {
      await other.close();
      await app.close();
    }
  });
});
