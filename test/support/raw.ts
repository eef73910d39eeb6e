import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { TestApp } from './app.js';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: any;
}

/**
 * Sends bytes that no HTTP client would, each part in a packet of its own, and reads until the server hangs up: ask for
 * that with `Connection: close`.
 */
export async function raw(app: TestApp, ...parts: (string | Buffer)[]): Promise<RawAnswer> {
  const socket = connect({ port: app.port, host: '127.0.0.1', noDelay: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  const over = once(socket, 'close');
  // The server may hang up while we are still sending: what it said before counts.
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  for (const part of parts) {
    await new Promise((sent) => socket.write(part, 'latin1' as BufferEncoding, sent));
    await turn();
  }
  await over;
  return read(Buffer.concat(chunks).toString());
}

function read(text: string): RawAnswer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field): [string, string] => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    }),
  );
  const body = rest.join('\r\n\r\n');
  return { status: Number(line.split(' ')[1]), headers, text: body, body: parse(body) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
