import type { FastifyRequest } from 'fastify';
import { Forbidden, Misdirected, UnsupportedMediaType, CommonErrors } from '../common/errors.js';
import { parseAddress, formatAddress } from '../common/ip-range.js';
import { logLine } from '../common/text.js';
import type { CrmConfig } from '../platform/config/crm-config.js';
import { AuthErrors } from './auth.errors.js';

/**
 * A browser inside the trusted network must not be ridden by another site: a request that is judged by its address alone
 * names this very server, comes from no foreign page, and carries JSON or nothing (spec: permissions, rules).
 */
export function assertNotRidden(request: FastifyRequest, config: CrmConfig): void {
  assertOwnHost(request, config);
  assertOwnOrigin(request, config);
  const contentType = request.headers['content-type'];
  if (contentType !== undefined && !/^application\/json\s*(?:;|$)/i.test(contentType)) {
    throw new UnsupportedMediaType(CommonErrors.unsupportedMediaType);
  }
}

/** A name that resolves to us by somebody else's DNS is not ours (rebinding). */
function assertOwnHost(request: FastifyRequest, { http, environment }: CrmConfig): void {
  const host = (request.headers.host ?? '').toLowerCase();
  const name = hostNameOf(host);
  const own = ['localhost', canonical(environment.host), canonical(request.socket.localAddress ?? '')];
  if ((name !== '' && own.includes(name)) || http.allowedHosts.includes(host) || http.allowedHosts.includes(name))
    return;
  throw new Misdirected(AuthErrors.misdirected, { host: logLine(host, 100) });
}

function assertOwnOrigin(request: FastifyRequest, { http }: CrmConfig): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const isOwn = origin === undefined || origin === http.baseUrl || hostOf(origin) === host?.toLowerCase();
  if (isOwn && site !== 'cross-site') return;
  throw new Forbidden(AuthErrors.foreignOrigin, { origin: logLine(origin ?? 'unknown', 100) });
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host || null;
  } catch {
    return null;
  }
}

/** `[::1]:3000` → `::1`, `10.0.0.1:80` → `10.0.0.1`. */
function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(host);
  return canonical(bracketed ? (bracketed[1] ?? '') : host.replace(/:\d+$/, ''));
}

function canonical(address: string): string {
  const ip = parseAddress(address);
  return ip ? formatAddress(ip) : address.toLowerCase();
}
