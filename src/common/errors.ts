/** One row of docs/errors.md: a stable code and the sentence a client reads. `{name}` is filled from the parameters. */
export interface ErrorDefinition {
  readonly code: string;
  readonly detail: string;
}

export interface FieldProblem {
  /** JSON pointer into the body, or `/name` of a query or path parameter. */
  readonly pointer: string;
  readonly detail: string;
}

const definitions = new Map<string, ErrorDefinition>();

/** Declares a feature's errors: `notFound` of `customers` becomes the code `customers.not_found`. */
export function defineErrors<Name extends string>(
  feature: string,
  sentences: Record<Name, string>,
): Record<Name, ErrorDefinition> {
  const entries = Object.entries<string>(sentences).map(([name, detail]) => {
    const code = `${feature}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const definition = { code, detail };
    definitions.set(code, definition);
    return [name, definition] as const;
  });
  return Object.fromEntries(entries) as Record<Name, ErrorDefinition>;
}

/** Every error declared so far, by code: the source of docs/errors.md. */
export function declaredErrors(): ErrorDefinition[] {
  return [...definitions.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}

export const CommonErrors = defineErrors('request', {
  invalid: 'The request is not valid; every problem is listed in errors.',
  unreadable: 'The body cannot be read as JSON. {reason}',
  tooLarge: 'The body is larger than {limit} bytes.',
  unsupportedMediaType: 'Send the body as application/json.',
  formExpected: 'Send the body as application/x-www-form-urlencoded.',
  noSuchRoute: 'There is nothing at {path}.',
  preconditionFailed: 'The resource has changed since you read it: its ETag is {etag} now. Read it again, then retry.',
  conflict: 'The request clashes with the present state. Read the resource again, then retry.',
  insecure: 'This server answers over HTTPS only.',
  malformed: 'The request is not well-formed HTTP, or its URL cannot be decoded.',
  headersTooLarge: 'The header is too large: at most {fields} fields and {bytes} bytes.',
  timeout: 'The request did not arrive in time.',
});

export const InternalError: ErrorDefinition = defineErrors('server', {
  internal: 'Something went wrong on our side. Quote the request id when you report it.',
}).internal;

export type ErrorParameters = Readonly<Record<string, string | number>>;

export interface ErrorExtras {
  readonly errors?: readonly FieldProblem[];
  readonly missingPermissions?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only; never shown. */
  readonly cause?: unknown;
}

/** What services throw. The problem filter turns it into RFC 9457; nothing else decides a status. */
export abstract class DomainError extends Error {
  abstract readonly status: number;
  readonly code: string;
  readonly extras: ErrorExtras;

  constructor(definition: ErrorDefinition, parameters: ErrorParameters = {}, extras: ErrorExtras = {}) {
    // A refusal is no failure: nobody reads its stack, and capturing one costs more than the rest of the refusal.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(
      definition.detail.replace(/\{(\w+)\}/g, (_, name: string) => String(parameters[name] ?? '')),
      { cause: extras.cause },
    );
    Error.stackTraceLimit = stackTraceLimit;
    this.code = definition.code;
    this.extras = extras;
  }
}

export class InvalidInput extends DomainError {
  readonly status = 400;

  /** One field, one sentence: the common case. */
  static field(pointer: string, detail: string): InvalidInput {
    return InvalidInput.fields([{ pointer, detail }]);
  }

  static fields(errors: readonly FieldProblem[]): InvalidInput {
    return new InvalidInput(CommonErrors.invalid, {}, { errors });
  }
}

export class Unauthenticated extends DomainError {
  readonly status = 401;
}

export class Forbidden extends DomainError {
  readonly status = 403;
}

export class NotFound extends DomainError {
  readonly status = 404;
}

export class Conflict extends DomainError {
  readonly status = 409;
}

export class PreconditionFailed extends DomainError {
  readonly status = 412;
}

export class UnsupportedMediaType extends DomainError {
  readonly status = 415;
}

export class Misdirected extends DomainError {
  readonly status = 421;
}

export class HeadersTooLarge extends DomainError {
  readonly status = 431;
}

export class RequestTimedOut extends DomainError {
  readonly status = 408;
}

export class RuleBroken extends DomainError {
  readonly status = 422;
}

export class TooManyRequests extends DomainError {
  readonly status = 429;
}

export class Unavailable extends DomainError {
  readonly status = 503;
}
