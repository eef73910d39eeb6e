import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import type { Access } from '../common/access.decorators.js';
import { NotFound } from '../common/errors.js';
import { RouteInspector } from '../rbac/route-inspector.js';
import { AuthzErrors } from './authz.errors.js';

/** What a request would come to: what its handler says about callers, and what its path says. */
export interface FoundRoute {
  readonly access: Access;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Asks the router that answers requests, so that every spelling of a path means here what it means there. */
@Injectable()
export class RouteLookup {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly inspector: RouteInspector,
  ) {}

  get(method: string, path: string): FoundRoute {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    const verb = method.toUpperCase();
    // Null when nothing matches, whatever its type says.
    const found: { params: object } | null = server.findRoute({ method: verb, url: path });
    const parameters = { ...found?.params } as Record<string, string>;
    const asked = segmentsOf(path);
    const route =
      found &&
      this.inspector
        .routes()
        .find((candidate) => isMethod(candidate.method, verb) && isFilledIn(candidate.path, parameters, asked));
    if (!route?.access) throw new NotFound(AuthzErrors.routeNotFound);
    return { access: route.access, parameters };
  }
}

/** The server answers HEAD by the handler of GET. */
function isMethod(declared: string, asked: string): boolean {
  return declared === asked || (declared === 'GET' && asked === 'HEAD');
}

/** The router says what it read from the path, not which pattern it read it by: that one which gives the path back. */
function isFilledIn(pattern: string, parameters: Record<string, string>, asked: string[] | null): boolean {
  const words = pattern.split('/');
  const names = words.filter((word) => word.startsWith(':')).map((word) => word.slice(1));
  if (!asked || names.join() !== Object.keys(parameters).join() || words.length !== asked.length) return false;
  return words.every((word, index) => asked[index] === (word.startsWith(':') ? parameters[word.slice(1)] : word));
}

function segmentsOf(path: string): string[] | null {
  const [before = ''] = path.split(/[?#]/, 1);
  try {
    return before.split('/').map((segment) => decodeURIComponent(segment));
  } catch {
    return null;
  }
}
