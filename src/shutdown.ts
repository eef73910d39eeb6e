import type { FastifyInstance } from 'fastify';
import { openRequests } from './common/open-requests.js';

/** Whoever asked us to stop usually kills after ten seconds, and there is still something to write afterwards. */
const GRACE_MS = 5_000;

/**
 * Answers what was accepted, then resolves: to be called before anything else is closed. An answer given meanwhile ends
 * its connection, so that no keep-alive holds the server up; what takes longer than the grace period is cut off.
 */
export function gracefulEnd(server: FastifyInstance): () => Promise<void> {
  const open = openRequests(server);
  let isEnding = false;
  let isCutOff = false;
  let whenAnswered: () => void = () => undefined;
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (isEnding) reply.header('connection', 'close');
    done(null, payload);
  });
  open.whenEnded(() => {
    if (open.size === 0) whenAnswered();
    // Headers that left before the end began promised to keep the connection.
    if (isEnding) setImmediate(() => server.server.closeIdleConnections());
  });
  return async () => {
    isEnding = true;
    const impatience = setTimeout(() => {
      isCutOff = true;
      server.server.closeAllConnections();
      whenAnswered();
    }, GRACE_MS);
    await server.close();
    // A host name with several addresses has more servers than the one that Fastify waits for.
    if (open.size > 0 && !isCutOff) await new Promise<void>((resolve) => (whenAnswered = resolve));
    clearTimeout(impatience);
  };
}
