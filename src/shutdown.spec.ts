import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import fastify from 'fastify';
import { gracefulEnd } from './shutdown.js';

const GRACE_MS = 5_000;

describe('gracefulEnd', () => {
  afterEach(() => jest.useRealTimers());

  it('ends after the grace period though a handler never does', async () => {
    const server = fastify();
    const end = gracefulEnd(server);
    const entered = Promise.withResolvers<void>();
    server.get('/', () => {
      entered.resolve();
      return new Promise(() => undefined);
    });
    await server.listen({ port: 0, host: '127.0.0.1' });
    const client = connect({ port: (server.server.address() as AddressInfo).port, host: '127.0.0.1' });
    const cutOff = once(
      client.on('error', () => undefined),
      'close',
    );
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await entered.promise;
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    const ended = end();
    await jest.advanceTimersByTimeAsync(GRACE_MS);
    await Promise.all([ended, cutOff]);
  });
});
