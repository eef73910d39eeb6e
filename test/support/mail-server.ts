import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { parseMail, type ParsedMail } from './mails.js';

export interface Received extends ParsedMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
}

/** A real mail server on loopback, which keeps what it takes. */
export class MailServer {
  readonly received: Received[] = [];
  /** Called before a mail is taken; what it throws is the answer. */
  onData: () => Promise<void> = () => Promise.resolve();

  private constructor(
    private readonly server: SMTPServer,
    readonly port: number,
  ) {}

  /** On the port given, to come back where it was. */
  static async start(options: SMTPServerOptions & { port?: number; host?: string } = {}): Promise<MailServer> {
    const { port = 0, host = '127.0.0.1', ...more } = options;
    const holder: { server?: MailServer } = {};
    const smtp = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      ...more,
      onData: (stream, { envelope }, done) => {
        void buffer(stream).then(async (source) => {
          const { onData, received } = holder.server as MailServer;
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
          const to = envelope.rcptTo.map(({ address }) => address);
          try {
            await onData();
            received.push({ ...parseMail(source.toString()), envelope: { from, to } });
            done();
          } catch (error) {
            done(error as Error);
          }
        });
      },
    });
    // A client that goes away in the middle is no failure of the test.
    smtp.on('error', () => undefined);
    const listening = smtp.listen(port, host);
    await once(listening, 'listening');
    holder.server = new MailServer(smtp, (listening.address() as AddressInfo).port);
    return holder.server;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
