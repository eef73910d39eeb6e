import type { TestApp } from './app.js';
import { ADMIN } from './app.js';

export type Credentials = Readonly<Record<string, string>>;

export interface Session {
  readonly token: string;
  readonly refreshToken: string;
  readonly headers: Credentials;
}

let counter = 0;

export async function login(app: TestApp, email: string, password: string): Promise<Session> {
  const answer = await app.ask('POST', '/crm/auth/login', { body: { email, password } });
  if (answer.status !== 200) throw new Error(`login as ${email}: ${answer.status} ${answer.text}`);
  const { token, refresh_token: refreshToken } = answer.body as { token: string; refresh_token: string };
  return { token, refreshToken, headers: { authorization: `Bearer ${token}` } };
}

export async function asAdmin(app: TestApp): Promise<Credentials> {
  return (await login(app, ADMIN.email, ADMIN.password)).headers;
}

export interface KeyHolder {
  readonly apiKeyId: number;
  readonly key: string;
  readonly headers: Credentials;
}

/** An API key with just these permissions, made by an administrator. */
export async function asApiKey(app: TestApp, permissions: string[], more: object = {}): Promise<KeyHolder> {
  counter += 1;
  const body = { name: `Key ${counter}`, permissions, ...more };
  const answer = await app.ask('POST', '/crm/api-keys', { headers: await asAdmin(app), body });
  if (answer.status !== 201) throw new Error(`create key: ${answer.status} ${answer.text}`);
  const { api_key_id: apiKeyId, api_key: key } = answer.body as { api_key_id: number; api_key: string };
  return { apiKeyId, key, headers: { 'x-api-key': key } };
}

export interface UserHolder extends Session {
  readonly userId: number;
  readonly email: string;
  readonly password: string;
}

/** A user with these roles and customers, logged in. */
export async function asUser(app: TestApp, roles: string[], customerIds: number[] = []): Promise<UserHolder> {
  counter += 1;
  const email = `user${counter}@example.com`;
  const password = `a password for user ${counter}`;
  const body = { email, name: `User ${counter}`, password, roles, customer_ids: customerIds };
  const answer = await app.ask('POST', '/crm/users', { headers: await asAdmin(app), body });
  if (answer.status !== 201) throw new Error(`create user: ${answer.status} ${answer.text}`);
  const { user_id: userId } = answer.body as { user_id: number };
  return { userId, email, password, ...(await login(app, email, password)) };
}
