import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { JsonLogger } from '../../../src/common/logger.js';
import { Database } from '../../../src/platform/database/database.js';
import { MailMessage } from '../../../src/platform/mail/mail-message.entity.js';
import { MailSender } from '../../../src/platform/mail/mail-sender.js';
import { Mail } from '../../../src/platform/mail/mail.service.js';
import { type AppOptions, TestApp } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { freePort } from '../../support/free-port.js';
import { MailServer } from '../../support/mail-server.js';
import { parseMail } from '../../support/mails.js';

const TO = 'maria@example.com';
/** A loopback address where nobody else listens: a port that was free is soon somebody's. */
const AWAY = '127.0.0.77';
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('mail', () => {
  let server: MailServer;
  let app: TestApp;
  let place: TestDatabase | undefined;

  beforeEach(async () => {
    server = await MailServer.start();
  });
  afterEach(async () => {
    await app.close();
    await server.stop();
    await place?.drop();
    place = undefined;
  });

  const start = async (options: AppOptions = {}, url = server.url): Promise<void> => {
    app = await TestApp.start({ ...options, environment: { CRM_SMTP_URL: url, ...options.environment } });
  };
  const send = (text: string, to = TO): Promise<void> =>
    app.get(Database).transaction(() =>
      app.get(Mail).send(to, {
        template: 'test',
        subject: 'Über alles',
        parts: [{ text }, { link: 'https://a.example/?a=1&b=2', label: 'Open' }],
      }),
    );
  const deliver = (): Promise<void> => app.get(MailSender).deliverDue();
  const rows = (): Promise<MailMessage[]> =>
    app
      .get(Database)
      .repository(MailMessage)
      .find({ order: { messageId: 'ASC' } });
  const newest = async (): Promise<Partial<MailMessage>> => (await rows()).at(-1) ?? {};

  describe('through a mail server', () => {
    it('arrives as text and HTML, and leaves no body behind', async () => {
      await start();
      await send('Grüße <b>an</b> "alle" & \'jeden\'');
      await deliver();
      const [mail, ...others] = server.received;
      expect(others).toEqual([]);
      expect(mail?.envelope).toEqual({ from: 'omnicrm@localhost', to: [TO] });
      expect(mail?.headers).toMatchObject({ to: TO, 'auto-submitted': 'auto-generated', 'mime-version': '1.0' });
      expect(mail?.headers.subject).toMatch(/^=\?UTF-8\?/);
      expect(mail?.text).toContain('Grüße <b>an</b> "alle" & \'jeden\'');
      expect(mail?.html).toContain('Grüße &#60;b&#62;an&#60;/b&#62; &#34;alle&#34; &#38; &#39;jeden&#39;');
      expect(mail?.html).toContain('href="https://a.example/?a=1&#38;b=2"');
      expect(await newest()).toMatchObject({
        status: 'sent',
        body: null,
        attempts: 1,
        lastError: null,
        lockedBy: null,
      });
    });

    it('goes out by itself once its cause is committed', async () => {
      await start();
      const taken = Promise.withResolvers<void>();
      server.onData = () => Promise.resolve(taken.resolve());
      await send('x');
      await taken.promise;
    });

    it('is not there when its cause is rolled back', async () => {
      await start();
      const failing = app.get(Database).transaction(async () => {
        await send('x');
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await deliver();
      expect([server.received, await rows()]).toEqual([[], []]);
    });

    it('is refused outside of the transaction of its cause', async () => {
      await start();
      const letter = { template: 'test', subject: 'x', parts: [] };
      await expect(app.get(Mail).send(TO, letter)).rejects.toThrow('in the transaction of its cause');
    });

    it('waits sealed: whoever reads the database alone does not read the mail', async () => {
      const away = await freePort();
      await start({}, `smtp://127.0.0.1:${away}`);
      await send('the secret text');
      await deliver();
      const row = await newest();
      const plain = JSON.stringify(row) + Buffer.from(row.body ?? '', 'base64').toString('latin1');
      expect(row.body?.length).toBeGreaterThan(100);
      expect(plain).not.toContain('secret text');
    });

    it('comes from the address that the operator chose, and cannot be made a list of addresses', async () => {
      await start({ config: 'mail: { from: crm@operator.example }\n' });
      await send('x', 'a,b@example.com');
      await deliver();
      expect(server.received[0]?.headers.from).toBe('OmniCRM <crm@operator.example>');
      expect(server.received[0]?.envelope.to).toHaveLength(1);
    });
  });

  describe('while the mail server is away', () => {
    it('loses nothing: it is tried ever more rarely and arrives when the server is back', async () => {
      const port = await freePort();
      await start({}, `smtp://${AWAY}:${port}`);
      await send('one');
      const pauses: number[] = [];
      for (let attempt = 1; attempt <= 7; attempt += 1) {
        await deliver();
        const [{ nextAttemptAt = '', attempts, status, lastError } = {} as MailMessage] = await rows();
        expect([attempts, status]).toEqual([attempt, 'waiting']);
        expect(lastError).toMatch(/ECONNREFUSED/);
        pauses.push(Date.parse(nextAttemptAt) - app.clock.millis());
        app.clock.advance(pauses.at(-1) ?? 0);
      }
      expect(pauses.map((pause) => pause / 1_000)).toEqual([30, 60, 120, 240, 480, 600, 600]);
      for (const text of ['two', 'three']) await send(text);
      // What the sending itself woke up has failed by now, before the clock moves on.
      await deliver();
      const back = await MailServer.start({ port, host: AWAY });
      app.clock.advance(10 * MINUTE);
      await deliver();
      await back.stop();
      expect(back.received.map(({ text }) => text.split('\n')[0])).toEqual(
        expect.arrayContaining(['one', 'two', 'three']),
      );
      expect(back.received).toHaveLength(3);
      expect((await rows()).map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']);
    });

    it('gives up after three days, says so in the row, and forgets the body', async () => {
      await start({}, `smtp://${AWAY}:${await freePort()}`);
      await send('x');
      await deliver();
      app.clock.advance(3 * DAY);
      await deliver();
      expect(await newest()).toMatchObject({
        status: 'failed',
        body: null,
        lastError: expect.stringMatching(/ECONNREFUSED/),
        finishedAt: app.clock.instant(),
      });
      app.clock.advance(DAY);
      await deliver();
      expect(await newest()).toMatchObject({ attempts: 2 });
    });

    it('survives the end of the server that wrote it', async () => {
      place = await testDatabase();
      await start({ database: place }, `smtp://${AWAY}:${await freePort()}`);
      await send('from before');
      await app.close();
      await start({ database: place });
      app.clock.advance(MINUTE);
      await deliver();
      expect(server.received.map(({ text }) => text)).toEqual([expect.stringContaining('from before')]);
    });
  });

  describe('a mail server that answers badly', () => {
    it('for now: the mail is tried again', async () => {
      await start();
      server.onData = () => Promise.reject(Object.assign(new Error('try later'), { responseCode: 451 }));
      await send('x');
      await deliver();
      expect(await newest()).toMatchObject({ status: 'waiting', lastError: expect.stringMatching(/try later/) });
      server.onData = () => Promise.resolve();
      app.clock.advance(MINUTE);
      await deliver();
      expect(await newest()).toMatchObject({ status: 'sent', attempts: 2 });
    });

    it('for good, about one recipient: that mail is given up, the others arrive', async () => {
      const picky = await MailServer.start({
        onRcptTo: ({ address }, _session, done) =>
          done(address.startsWith('nobody') ? Object.assign(new Error('unknown user'), { responseCode: 550 }) : null),
      });
      await start({}, picky.url);
      await send('x', 'nobody@example.com');
      await send('y');
      await deliver();
      await picky.stop();
      expect(await rows()).toMatchObject([
        { status: 'failed', body: null, lastError: expect.stringMatching(/unknown user/) },
        { status: 'sent' },
      ]);
    });

    it('with a password that is not ours: nothing is sent, and the log does not tell it', async () => {
      let log = '';
      const stream = new Writable({
        write(chunk: Buffer, _encoding, done) {
          log += chunk.toString();
          done();
        },
      });
      const locked = await MailServer.start({
        authOptional: false,
        allowInsecureAuth: true,
        onAuth: (_auth, _session, done) => done(new Error('wrong password')),
      });
      const url = locked.url.replace('//', '//somebody:a-hidden-word@');
      await start({ logger: new JsonLogger('trace', stream as never) }, url);
      await send('x');
      await deliver();
      await locked.stop();
      expect(await newest()).toMatchObject({ status: 'waiting', lastError: expect.stringMatching(/535/) });
      expect(log).toContain('was not delivered');
      expect(log + JSON.stringify(await rows())).not.toContain('a-hidden-word');
    });
  });

  describe('between nodes', () => {
    it('one of two deliveries at once takes a message', async () => {
      await start();
      for (let index = 0; index < 5; index += 1) await send(`mail ${index}`);
      const other = new MailSender(
        ...(['database', 'messages', 'sealing', 'transport', 'clock'].map(
          (name) => app.get(MailSender)[name as keyof MailSender],
        ) as unknown as ConstructorParameters<typeof MailSender>),
      );
      Object.assign(other, { isOpen: true, owner: 'another node' });
      await Promise.all([deliver(), other.deliverDue()]);
      expect(server.received).toHaveLength(5);
      expect((await rows()).every(({ attempts, status }) => attempts === 1 && status === 'sent')).toBe(true);
    });

    it('a node that died in a delivery blocks it for five minutes', async () => {
      await start({}, `smtp://${AWAY}:${await freePort()}`);
      await send('x');
      await deliver();
      const lockedUntil = app.clock.instant(5 * MINUTE);
      const changes = { lockedBy: 'a dead node', lockedUntil };
      await app
        .get(Database)
        .transaction(() => app.get(Database).repository(MailMessage).update({ status: 'waiting' }, changes));
      app.clock.advance(5 * MINUTE - 1);
      await deliver();
      expect(await newest()).toMatchObject({ attempts: 1, lockedBy: 'a dead node' });
      app.clock.advance(1);
      await deliver();
      expect(await newest()).toMatchObject({ attempts: 2, lockedBy: null });
    });
  });

  describe('without a mail server', () => {
    it('becomes a file that only its owner can read', async () => {
      await start({}, '');
      await send('hello');
      await deliver();
      const folder = join(app.database.dataDir, 'outbox');
      const [name = '', ...others] = readdirSync(folder);
      expect(others).toEqual([]);
      expect(name).toMatch(/^2030-03-01T12-00-00-000Z-[0-9A-Za-z]{24}\.eml$/);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    });
  });

  it('is remembered for thirty days', async () => {
    await start({}, '');
    await send('x');
    await deliver();
    app.clock.advance(30 * DAY);
    expect(await app.get(Mail).removeOld()).toBe(0);
    app.clock.advance(1);
    expect(await app.get(Mail).removeOld()).toBe(1);
  });

  it('is read back by the tests as it was written', async () => {
    await start();
    await send('ä'.repeat(300));
    await deliver();
    expect(parseMail(server.received[0]?.source ?? '').text).toContain('ä'.repeat(300));
  });
});
