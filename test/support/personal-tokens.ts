import type { Answer, TestApp } from './app.js';
import { asAdmin, asUser, type Credentials, type KeyHolder, type UserHolder } from './principals.js';
import { aRole } from './factories/roles.js';

/** Switches personal access tokens on or off, as an administrator would. */
export async function allowPersonalTokens(app: TestApp, isAllowed = true): Promise<void> {
  const body = { 'personal_tokens.enabled': isAllowed };
  const answer = await app.ask('PATCH', '/crm/settings', { headers: await asAdmin(app), body });
  if (answer.status !== 200) throw new Error(`settings: ${answer.status} ${answer.text}`);
}

/** Somebody who may make tokens, and what else is said; the role is theirs alone. */
export async function aTokenMaker(
  app: TestApp,
  permissions: string[],
  customerIds: number[] = [],
): Promise<UserHolder & { role: string }> {
  const role = await aRole(app, ['create_personal_token', ...permissions]);
  return { ...(await asUser(app, [role], customerIds)), role };
}

export function postToken(app: TestApp, headers: Credentials, more: object = {}): Promise<Answer> {
  return app.ask('POST', '/crm/personal-tokens', { headers, body: { name: 'A token', ...more } });
}

/** A token of this user, in the shape of a key. */
export async function aToken(app: TestApp, user: UserHolder, more: object = {}): Promise<KeyHolder> {
  const { status, text, body } = await postToken(app, user.headers, more);
  if (status !== 201) throw new Error(`create token: ${status} ${text}`);
  return { apiKeyId: body.personal_token_id, key: body.token, headers: { 'x-api-key': body.token } };
}
