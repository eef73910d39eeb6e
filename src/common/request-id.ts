import { randomUUID } from 'node:crypto';
import { withoutSecrets } from './text.js';

const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Keeps a well-formed incoming id, so that a caller can follow its own request; anything else gets a new one. */
export function requestIdFrom(header: string | string[] | undefined): string {
  const sent = typeof header === 'string' && WELL_FORMED.test(header) && withoutSecrets(header) === header;
  return sent ? header : randomUUID();
}
