import type { FastifyRequest } from 'fastify';
import { InvalidInput, Unauthenticated } from '../common/errors.js';
import { AuthErrors } from './auth.errors.js';

export interface PresentedCredential {
  readonly kind: 'jwt' | 'api-key-bearer' | 'api-key';
  readonly value: string;
}

/** The one credential that a request is judged by. `address` = none was presented. */
export type Credential = { readonly kind: 'address' } | PresentedCredential;

const BEARER = /^Bearer (\S+)$/i;
/** Three base64url segments, the first a JSON object: no key of ours looks like it, and no configured one may. */
const JWT = /^eyJ[\w-]*\.[\w-]*\.[\w-]*$/;

/**
 * Reads what was presented. Two credentials are refused, equal or not (spec rule 7): which one would count is a question
 * that no proxy and no server should answer differently. An empty or malformed one is a bad credential, not an absent one.
 */
export function readCredential(request: FastifyRequest): Credential {
  const count = presented(request.raw.rawHeaders);
  if (count === 0) return { kind: 'address' };
  if (count > 1) throw new InvalidInput(AuthErrors.credentialConflict, { count });
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearer(authorization);
  const value = request.headers['x-api-key'];
  if (typeof value !== 'string' || value === '') throw new Unauthenticated(AuthErrors.invalidCredentials);
  return { kind: 'api-key', value };
}

/** What somebody else was presented with, in whichever header. */
export function credentialOf(token: string): PresentedCredential {
  return { kind: JWT.test(token) ? 'jwt' : 'api-key', value: token };
}

/** Node keeps only the first of two Authorization headers, so they are counted where all of them are. */
function presented(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const mayBe = name.length === 13 || name.length === 9;
    if (mayBe && /^(?:authorization|x-api-key)$/i.test(name)) count += 1;
  }
  return count;
}

function bearer(authorization: string): Credential {
  const value = BEARER.exec(authorization)?.[1];
  if (value === undefined) throw new Unauthenticated(AuthErrors.malformedAuthorization);
  return { kind: JWT.test(value) ? 'jwt' : 'api-key-bearer', value };
}
