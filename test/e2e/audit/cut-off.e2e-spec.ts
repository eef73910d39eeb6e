import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AccessLogsService } from '../../../src/audit/access-logs.service.js';
import { AuditRepository } from '../../../src/audit/audit.repository.js';
import { LastUseService } from '../../../src/audit/last-use.service.js';
import { CustomersService } from '../../../src/customers/customers.service.js';
import { TestApp } from '../../support/app.js';
import { asAdmin, asApiKey, type Credentials, type KeyHolder } from '../../support/principals.js';

type Row = Record<string, any>;

/** A promise, and what resolves it. */
function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe('a request whose client hangs up', () => {
  let app: TestApp;
  let admin: Credentials;
  let key: KeyHolder;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  beforeEach(async () => {
    key = await asApiKey(app, ['view_customer', 'create_customer', 'export_audit_log']);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => app.close());

  const head = (id: string, method: string, path: string, more = ''): string =>
    `${method} ${path} HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nX-Api-Key: ${key.key}\r\n${more}\r\n`;
  const send = async (text: string): Promise<Socket> => {
    const socket = connect({ port: app.port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    await new Promise((sent) => socket.write(text, sent));
    return socket;
  };
  /** Resolves once as many lines were handed over to the log, whoever is answered meanwhile. */
  const told = (id: string, count = 1): Promise<void> => {
    const { opened, open } = gate();
    const service = app.get(AccessLogsService);
    const append = service.append.bind(service);
    let left = count;
    jest.spyOn(service, 'append').mockImplementation((entry) => {
      append(entry);
      if (entry.requestId.startsWith(id) && (left -= 1) === 0) open();
    });
    return opened;
  };
  const lines = async (id: string): Promise<Row[]> => {
    await app.flushAccessLog();
    return (await app.ask('GET', `/crm/access-logs?request_id=${id}`, { headers: admin })).body.data as Row[];
  };
  const hangUp = async (socket: Socket): Promise<void> => {
    socket.resetAndDestroy();
    await once(socket, 'close');
    // The server has seen the end of that connection before it answers on a later one.
    for (let turn = 0; turn < 3; turn += 1) await app.ask('GET', '/health/live');
  };
  /** Holds the customers' list until the gate is opened; `entered` when a request is there. */
  const holdList = () => {
    const [entered, held] = [gate(), gate()];
    const service = app.get(CustomersService);
    const list = service.list.bind(service);
    jest.spyOn(service, 'list').mockImplementation(async (...args) => {
      entered.open();
      await held.opened;
      return list(...args);
    });
    return { entered: entered.opened, release: held.open };
  };

  it('499 when it does so while the answer is made: one line, counted as use of its key', async () => {
    const { entered, release } = holdList();
    const kept = told('cut-handler');
    const socket = await send(head('cut-handler', 'GET', '/crm/customers'));
    await entered;
    await hangUp(socket);
    release();
    await kept;
    const actor = { kind: 'api_key', id: key.apiKeyId };
    expect(await lines('cut-handler')).toMatchObject([{ status: 499, route: '/crm/customers', actor }]);
    await app.get(LastUseService).flush();
    const view = await app.ask('GET', `/crm/api-keys/${key.apiKeyId}`, { headers: admin });
    expect(view.body.last_used_at).toBe(app.clock.instant());
    const usage = await app.ask('GET', `/crm/api-keys/${key.apiKeyId}/usage`, { headers: admin });
    expect(usage.body).toMatchObject({ total: 1, by_status_class: { '4xx': 1 } });
  });

  it('499 for each of several in a pipeline, also for those whose turn to be answered never came', async () => {
    const { entered, release } = holdList();
    const kept = told('cut-pipe', 2);
    const first = head('cut-pipe-1', 'GET', '/crm/customers');
    const socket = await send(`${first}${head('cut-pipe-2', 'GET', '/crm/customers/999999')}`);
    await entered;
    await hangUp(socket);
    release();
    await kept;
    for (const id of ['cut-pipe-1', 'cut-pipe-2']) expect(await lines(id)).toMatchObject([{ status: 499 }]);
  });

  it('499 for an export of which a part was read, at once', async () => {
    const [asked, held] = [gate(), gate()];
    const repository = app.get(AuditRepository);
    const list = repository.list.bind(repository);
    jest.spyOn(repository, 'list').mockImplementation(async (query) => {
      if (query.cursor === undefined) return { ...(await list({ ...query, limit: 1 })), nextCursor: 'more' };
      asked.open();
      await held.opened;
      return list({ ...query, cursor: undefined });
    });
    const kept = told('cut-export');
    const socket = await send(head('cut-export', 'GET', '/crm/audit-logs/export?format=ndjson'));
    await Promise.all([once(socket, 'data'), asked.opened]);
    socket.destroy();
    await kept;
    held.open();
    const actor = { kind: 'api_key', id: key.apiKeyId };
    expect(await lines('cut-export')).toMatchObject([{ status: 499, route: '/crm/audit-logs/export', actor }]);
  });

  it('499 when its body never arrives whole', async () => {
    const kept = told('cut-body');
    const body = 'Content-Type: application/json\r\nContent-Length: 100\r\n';
    const socket = await send(`${head('cut-body', 'POST', '/crm/customers', body)}{"customer_`);
    socket.destroy();
    await kept;
    expect(await lines('cut-body')).toMatchObject([{ status: 499, route: '/crm/customers' }]);
  });

  it('200 for one that is answered and then hung up on, and no second line', async () => {
    const socket = await send(head('cut-after', 'GET', '/crm/customers'));
    await once(socket, 'data');
    await hangUp(socket);
    expect(await lines('cut-after')).toMatchObject([{ status: 200 }]);
  });
});
