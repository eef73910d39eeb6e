import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { InvalidInput } from './errors.js';
import { requestOf } from './http-exchange.js';

interface Takes {
  readonly query: boolean;
  readonly body: boolean;
}

/**
 * Refuses what a handler does not read at all: a query where it takes none, a body where it takes none. Otherwise a
 * mistyped parameter would be ignored without a word. What it does read, the validation pipe judges field by field.
 */
@Injectable()
export class UnknownInputGuard implements CanActivate {
  private readonly known = new Map<unknown, Takes>();

  canActivate(context: ExecutionContext): boolean {
    const { query, body } = requestOf(context);
    const takes = this.takesOf(context);
    if ((takes.query || isEmpty(query)) && (takes.body || isEmpty(body))) return true;
    const problems = [
      ...(takes.query ? [] : namesOf(query).map((name) => problem(name, 'is not a query parameter of this route'))),
      ...(takes.body ? [] : namesOf(body).map((name) => problem(name, 'is not known here: this route takes no body'))),
    ];
    if (problems.length > 0) throw InvalidInput.fields(problems);
    return true;
  }

  private takesOf(context: ExecutionContext): Takes {
    const handler = context.getHandler();
    let takes = this.known.get(handler);
    if (!takes) {
      const parameters = Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) as
        object | undefined;
      const kinds = Object.keys(parameters ?? {}).map((key) => Number(key.split(':')[0]) as RouteParamtypes);
      takes = { query: kinds.includes(RouteParamtypes.QUERY), body: kinds.includes(RouteParamtypes.BODY) };
      this.known.set(handler, takes);
    }
    return takes;
  }
}

function isEmpty(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return true;
  for (const _ in input) return false;
  return true;
}

const SHOWN = 100;

function namesOf(input: unknown): string[] {
  return typeof input === 'object' && input !== null ? Object.keys(input).slice(0, SHOWN) : [];
}

function problem(name: string, detail: string): { pointer: string; detail: string } {
  return { pointer: `/${name.slice(0, SHOWN).toWellFormed()}`, detail };
}
