import { codeAt, stepOf } from '../../src/auth/two-factor/totp.js';
import type { Answer, TestApp } from './app.js';
import type { Credentials, UserHolder } from './principals.js';

export const STEP_MS = 30_000;

/** What an authenticator and a sheet of paper hold. */
export interface Enrolled {
  readonly secret: string;
  readonly backupCodes: string[];
}

/** What the authenticator shows now, or some steps before or after. */
export function codeOf(app: TestApp, secret: string, offset = 0): string {
  return codeAt(secret, stepOf(app.clock.millis()) + offset);
}

/** A code that nobody has used: time goes on to the next one. */
export function nextCode(app: TestApp, secret: string): string {
  app.clock.advance(STEP_MS);
  return codeOf(app, secret);
}

/** Six digits that are no code around this moment. */
export function wrongCode(app: TestApp, secret: string): string {
  const right = new Set([-2, -1, 0, 1, 2].map((offset) => codeOf(app, secret, offset)));
  const candidates = Array.from({ length: 6 }, (_, digit) => String(digit).repeat(6));
  return candidates.find((code) => !right.has(code)) ?? '';
}

export function twoFactor(app: TestApp, action: string, asking: { of: number; headers: Credentials; body?: object }) {
  const { of, headers, body } = asking;
  return app.ask('POST', `/crm/2fa/${action}/user/${of}`, { headers, body });
}

/** Sets two-factor up; the code of the present moment is spent by that. */
export async function enrol(
  app: TestApp,
  user: Pick<UserHolder, 'userId' | 'password' | 'headers'>,
): Promise<Enrolled> {
  const { userId: of, password, headers } = user;
  const begun = await twoFactor(app, 'enable', { of, headers, body: { password } });
  if (begun.status !== 200) throw new Error(`enable: ${begun.status} ${begun.text}`);
  const { secret } = begun.body as { secret: string };
  const done = await twoFactor(app, 'verify', { of, headers, body: { code: codeOf(app, secret) } });
  if (done.status !== 200) throw new Error(`verify: ${done.status} ${done.text}`);
  return { secret, backupCodes: (done.body as { backup_codes: string[] }).backup_codes };
}

export async function challengeOf(app: TestApp, { email, password }: { email: string; password: string }) {
  const answer = await app.ask('POST', '/crm/auth/login', { body: { email, password } });
  if (answer.body?.two_factor_required !== true) throw new Error(`no challenge: ${answer.status} ${answer.text}`);
  return answer.body.challenge_token as string;
}

export function answerChallenge(app: TestApp, challengeToken: string, code: unknown): Promise<Answer> {
  return app.ask('POST', '/crm/auth/login/2fa', { body: { challenge_token: challengeToken, code } });
}
