import { Secrets } from '../../src/platform/secrets/secrets.service.js';
import jwt from 'jsonwebtoken';
import type { TestApp } from './app.js';

export interface Forgery {
  /** Merged over the header of a real access token; undefined takes a member out. */
  readonly header?: object;
  /** Merged over its claims. */
  readonly claims?: object;
  /** Signs instead of the server's own key. */
  readonly key?: jwt.Secret;
}

/** A token like the given one, but for what is said: signed with the server's own key unless another is given. */
export function forge(app: TestApp, token: string, { header, claims, key }: Forgery): string {
  const real = jwt.decode(token, { complete: true });
  if (!real) throw new Error('this is no token');
  const changed = { ...real.header, ...header };
  const payload = Object.entries({ ...(real.payload as object), ...claims }).filter(([, value]) => value !== undefined);
  return jwt.sign(Object.fromEntries(payload), key ?? app.get(Secrets).signingKeys.current.privateKey, {
    algorithm: changed.alg as jwt.Algorithm,
    header: changed,
    noTimestamp: true,
    allowInvalidAsymmetricKeyTypes: true,
  });
}

/** Three parts put together by hand: what no library would sign. */
export function assemble(header: object, claims: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}
