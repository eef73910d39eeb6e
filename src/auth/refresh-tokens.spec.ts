import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { Secrets } from '../platform/secrets/secrets.service.js';
import { RefreshTokens } from './refresh-tokens.js';
import type { Session } from './session.entity.js';

const mac = (purpose: string, data: string): string =>
  createHmac('sha256', 'pepper').update(`${purpose}|${data}`).digest('base64url');
const secrets = { mac, isMac: (purpose: string, data: string, given: string) => mac(purpose, data) === given };
const tokens = new RefreshTokens(secrets as unknown as Secrets);

const session = (changes: Partial<Session> = {}): Session =>
  ({ sessionId: 7, userId: 3, generation: 2, created: '2030-01-01T00:00:00.000Z', ...changes }) as Session;

describe('RefreshTokens', () => {
  it('recognises what it derived, and derives the same again', () => {
    const token = tokens.derive(session());
    const presented = tokens.parse(token);
    expect(presented).toMatchObject({ sessionId: 7, generation: 2 });
    expect(presented && tokens.isOurs(session(), presented)).toBe(true);
    expect(tokens.derive(session())).toBe(token);
  });

  it.each<[string, Partial<Session>]>([
    ['another session', { sessionId: 8 }],
    ['another user', { userId: 4 }],
    ['another login under the same id', { created: '2030-01-01T00:00:00.001Z' }],
  ])('does not recognise the token of %s', (_what, changes) => {
    const presented = tokens.parse(tokens.derive(session()));
    expect(presented && tokens.isOurs(session(changes), presented)).toBe(false);
  });

  it('does not recognise a token that was moved to another generation', () => {
    const presented = tokens.parse(tokens.derive(session()).replace('rt1.7.2.', 'rt1.7.3.'));
    expect(presented && tokens.isOurs(session(), presented)).toBe(false);
  });

  it('reads nothing from what it did not make, and never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void expect(tokens.parse(text)).toBeNull()));
    for (const text of [
      'rt1.0.1.x',
      'rt1.01.1.x',
      'rt2.1.1.x',
      `${tokens.derive(session())} `,
      `${tokens.derive(session())}\n`,
    ]) {
      expect(tokens.parse(text)).toBeNull();
    }
  });
});
