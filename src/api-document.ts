import { STATUS_CODES } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ApiKeyErrors } from './api-keys/api-keys.errors.js';
import { AuthErrors } from './auth/auth.errors.js';
import { CommonErrors, type ErrorDefinition, InternalError } from './common/errors.js';
import { VERSIONED } from './common/etag.js';
import { problemExamples } from './common/refuses.decorator.js';
import { STATUSES } from './common/status-rule.js';
import { PROGRAM_VERSION } from './common/version.js';
import type { PermissionDefinition } from './common/permissions.js';
import { opens } from './rbac/ability.service.js';
import { PermissionCatalogue } from './rbac/permission-catalogue.js';
import { RbacErrors } from './rbac/rbac.errors.js';
import { ThrottlingErrors } from './throttling/rate-limit.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & {
  'x-required-permissions'?: string[];
  [VERSIONED]?: boolean;
  [STATUSES]?: string[];
};
type Answer = Exclude<Operation['responses'][string], { $ref: string } | undefined>;
type Schema = Record<string, unknown>;

const DESCRIPTION = `
The whole surface of OmniCRM. Press **Authorize** and give one of the two:

- **bearer**: the \`token\` that \`POST /crm/auth/login\` answers with, or an API key; with or without the word "Bearer";
- **api-key**: an API key, sent as \`X-API-KEY\`.

Give exactly one: a request with two credentials is refused. From a trusted address none is needed.
Every operation states the permission it demands, in words and in \`x-required-permissions\`.

Every error is \`application/problem+json\`: switch on its \`code\`, and quote its \`request_id\` when you report it.
`.trim();

const TAGS: Readonly<Record<string, string>> = {
  Authentication: 'Log in, refresh, log out; who am I.',
  'For other services': 'Services that stand behind our keys and tokens.',
  'Own account': 'Your name and your password.',
  'Two-factor': 'A second factor for yourself, and its reset for others.',
  Sessions: 'Where one is signed in, and the end of it.',
  Customers: 'The companies and people who buy.',
  Users: 'The people who may log in.',
  'API keys': 'Credentials for programs.',
  'Personal tokens': 'Credentials that users make for themselves.',
  'Roles and permissions': 'What may be granted, and the names it is granted under.',
  'Trusted addresses': 'Who needs no credential, as the configuration file says.',
  Audit: 'What was changed, and what was asked.',
  Operation: 'For whoever keeps the server running.',
};

/** What every route may refuse with, whatever its handler does. */
const EVERYWHERE: Readonly<Record<number, readonly ErrorDefinition[]>> = { 400: [CommonErrors.invalid] };
const WITH_BODY: Readonly<Record<number, readonly ErrorDefinition[]>> = {
  400: [CommonErrors.unreadable],
  413: [CommonErrors.tooLarge],
  415: [CommonErrors.unsupportedMediaType],
};
const WITH_CREDENTIAL: Readonly<Record<number, readonly ErrorDefinition[]>> = {
  400: [AuthErrors.credentialConflict],
  401: [AuthErrors.missingCredential, AuthErrors.invalidCredentials, AuthErrors.tokenExpired, ApiKeyErrors.expired],
  403: [AuthErrors.foreignOrigin, AuthErrors.twoFactorEnrolmentRequired],
  421: [AuthErrors.misdirected],
  429: [ThrottlingErrors.tooMany, ThrottlingErrors.tooManyFailures],
};

const PROBLEM = { $ref: '#/components/schemas/ProblemResponse' };

interface HeadField {
  readonly description: string;
  readonly example: string;
  /** Whether an answer with this status carries it. */
  readonly isOn: (status: number, operation: Operation) => boolean;
}

const HEAD: Readonly<Record<string, HeadField>> = {
  'X-Request-Id': {
    description: 'The id of this request in the access log: yours if you sent a well-formed one.',
    example: '6fd0a3c8-1f2b-4c39-9d50-2f7f6f5b9e11',
    isOn: () => true,
  },
  ETag: {
    description: 'The version of the row, for `If-Match`.',
    example: '"4"',
    isOn: (status, operation) => (status === 200 || status === 201) && VERSIONED in operation,
  },
  'Idempotency-Replayed': {
    description: '`true` when this is the first answer again.',
    example: 'true',
    isOn: (status, { parameters = [] }) =>
      status === 201 && parameters.some((parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key'),
  },
  'WWW-Authenticate': {
    description: 'RFC 6750: what was wrong with the credential, or which right is missing.',
    example: 'Bearer error="invalid_token"',
    isOn: (status) => status === 401 || status === 403,
  },
  RateLimit: {
    description: 'What is left of the limit, and for how many seconds it is counted.',
    example: '"user";r=599;t=60',
    isOn: (status, operation) => status === 429 || (status < 300 && isSecured(operation)),
  },
  'RateLimit-Policy': {
    description: 'The limit that was counted by.',
    example: '"user";q=600;w=60',
    isOn: (status, operation) => status === 429 || (status < 300 && isSecured(operation)),
  },
  'Retry-After': { description: 'Seconds to wait.', example: '42', isOn: (status) => status === 429 },
};

/** The OpenAPI document of the built application; docs/openapi.json is this, committed. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('OmniCRM API')
    .setDescription(DESCRIPTION)
    .setVersion(PROGRAM_VERSION)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', bearerFormat: 'JWT or API key', description: 'An access token or an API key.' },
      'bearer',
    )
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-KEY', description: 'An API key.' }, 'api-key');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return complete(document, app.get(PermissionCatalogue));
}

/** Adds what is the same everywhere and follows from the shape of a route, so that no controller repeats it. */
function complete(document: OpenAPIObject, catalogue: PermissionCatalogue): OpenAPIObject {
  for (const operation of operationsOf(document)) {
    describe(operation, catalogue);
    withoutExamples(operation);
    addRefusals(operation);
    for (const [status, answer] of Object.entries(operation.responses)) {
      finish(Number(status), answer as Answer, operation);
    }
    delete operation[VERSIONED];
    operation.responses.default = unexpected();
    keepOnlyStated(operation);
  }
  shareRepeated(document);
  closeRequests(document);
  wholeNumbers(document);
  return document;
}

/** What a route says that it never answers is no part of its contract. */
function keepOnlyStated(operation: Operation): void {
  const stated = operation[STATUSES];
  if (!stated) return;
  for (const status of Object.keys(operation.responses)) {
    if (!stated.includes(status)) delete operation.responses[status];
  }
  delete operation[STATUSES];
}

function describe(operation: Operation, catalogue: PermissionCatalogue): void {
  operation.security ??= [];
  const [identifier] = operation['x-required-permissions'] ?? [];
  const needed = identifier === undefined ? undefined : catalogue.find(identifier);
  const sentence = needed ? `Needs ${alternativesTo(needed, catalogue)}.` : withoutPermission(operation);
  operation.description = [operation.description, sentence].filter(Boolean).join('\n\n');
}

function alternativesTo(needed: PermissionDefinition, catalogue: PermissionCatalogue): string {
  const { identifier, action, subject } = needed;
  const others = catalogue
    .list()
    .filter((it) => it !== needed && it.subject === subject && opens(it, action))
    .sort((a, b) => Number(a.fields !== undefined) - Number(b.fields !== undefined));
  const named = others.map(({ identifier: name, own, fields }) => {
    const limits = [...(own ? ["for one's own rows"] : []), ...(fields ? ['for some fields'] : [])];
    return ` or, ${limits.join(' and ')}, \`${name}\``;
  });
  return `\`${identifier}\`${named.join('')}`;
}

/** "Try it out" sends the example of a parameter with the request: a filter that nobody chose, a precondition that fails. */
function withoutExamples({ parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if (!('schema' in parameter)) continue;
    const { example: _, examples: __, ...schema } = parameter.schema as Schema;
    parameter.schema = schema;
  }
}

function withoutPermission(operation: Operation): string {
  return isSecured(operation)
    ? 'Needs no permission, only a credential.'
    : 'Needs no credential; one that is sent is ignored.';
}

function addRefusals(operation: Operation): void {
  add(operation, EVERYWHERE);
  if (operation.requestBody) add(operation, WITH_BODY);
  if (!isSecured(operation)) return;
  add(operation, WITH_CREDENTIAL);
  const isPermission = (operation['x-required-permissions'] ?? []).length > 0;
  if (isPermission) add(operation, { 403: [RbacErrors.missingPermission] });
}

function add(operation: Operation, refusals: Readonly<Record<number, readonly ErrorDefinition[]>>): void {
  for (const [status, errors] of Object.entries(refusals)) {
    const answer = (operation.responses[status] ?? { description: '' }) as Answer;
    const told = errors.map(({ code, detail }) => `\`${code}\`: ${detail}`);
    const examples = { ...contentOf(answer)?.examples, ...problemExamples(Number(status), errors) };
    answer.description = [answer.description, ...told].filter(Boolean).join('\n\n');
    answer.content = { 'application/problem+json': { schema: PROBLEM, examples } };
    operation.responses[status] = answer;
  }
}

function finish(status: number, answer: Answer, operation: Operation): void {
  answer.description ||= STATUS_CODES[status] ?? '';
  const content = contentOf(answer);
  if (status >= 400 && content) answer.content = { 'application/problem+json': content };
  for (const [name, { description, example, isOn }] of Object.entries(HEAD)) {
    if (!isOn(status, operation)) continue;
    answer.headers = { ...answer.headers, [name]: { description, schema: { type: 'string', example } } };
  }
}

function isSecured({ security = [] }: Operation): boolean {
  return security.length > 0;
}

function contentOf(answer: Answer): NonNullable<Answer['content']>[string] | undefined {
  return Object.values(answer.content ?? {})[0];
}

/** Unknown fields are refused, in a body and in what lies inside it. */
function closeRequests(document: OpenAPIObject): void {
  const schemas = (document.components?.schemas ?? {}) as Record<string, Schema>;
  const close = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = schemas[name];
      if (!schema || 'additionalProperties' in schema) continue;
      schema.additionalProperties = false;
      close(schema);
    }
  };
  for (const { requestBody } of operationsOf(document)) if (requestBody) close(requestBody);
}

function operationsOf(document: OpenAPIObject): Operation[] {
  return Object.values(document.paths).flatMap((path) => Object.values(path) as Operation[]);
}

/** What is said at many operations stands once under `components`; a reference is all that the others need. */
function shareRepeated(document: OpenAPIObject): void {
  const examples: Record<string, object> = {};
  const headers: Record<string, object> = {};
  for (const answer of answersOf(document)) {
    const content = contentOf(answer);
    if (content?.examples) content.examples = share(content.examples, 'examples', examples);
    if (answer.headers) answer.headers = share(answer.headers, 'headers', headers);
  }
  document.components = { ...document.components, examples, headers };
}

function answersOf(document: OpenAPIObject): Answer[] {
  return operationsOf(document).flatMap((operation) => Object.values(operation.responses) as Answer[]);
}

function share(parts: object, kind: string, shared: Record<string, object>): Record<string, { $ref: string }> {
  Object.assign(shared, parts);
  return Object.fromEntries(Object.keys(parts).map((name) => [name, { $ref: `#/components/${kind}/${name}` }]));
}

function unexpected(): Answer {
  const examples = problemExamples(500, [InternalError]);
  return { description: 'Anything else.', content: { 'application/problem+json': { schema: PROBLEM, examples } } };
}

/** Ids, counts, seconds, statuses: nothing here has a fraction, and TypeScript's `number` does not say so. */
function wholeNumbers(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  const schema = node as Schema;
  if (schema.type === 'number') schema.type = 'integer';
  if (Array.isArray(schema.type))
    schema.type = schema.type.map((type: unknown) => (type === 'number' ? 'integer' : type));
  for (const child of Object.values(schema)) wholeNumbers(child);
}
