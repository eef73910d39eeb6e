import { CustomerPermissions } from '../../src/customers/customers.permissions.js';
import { UserPermissions } from '../../src/users/users.permissions.js';
import { read } from './files.js';

type Json = any;

const document = JSON.parse(read('docs/openapi.json'));

interface Operation {
  readonly name: string;
  readonly path: string;
  readonly is: Json;
}

const operations: Operation[] = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
  Object.entries<Json>(methods).map(([method, is]) => ({ name: `${method.toUpperCase()} ${path}`, path, is })),
);
const isSecured = ({ is }: Operation): boolean => is.security.length > 0;
const statuses = ({ is }: Operation): string[] => Object.keys(is.responses);
const parameters = ({ is }: Operation, place: string): Json[] => is.parameters.filter((it: Json) => it.in === place);
const each = operations.map((operation) => [operation.name, operation] as const);

/** Every object of the document, with the place where it stands. */
function* nodes(node: Json = document, at = '#'): Generator<[string, Json]> {
  if (typeof node !== 'object' || node === null) return;
  yield [at, node];
  for (const [name, child] of Object.entries(node)) yield* nodes(child, `${at}/${name.replaceAll('/', '~1')}`);
}

function resolve(ref: string): Json {
  return ref
    .slice(2)
    .split('/')
    .reduce((node: Json, name) => node?.[name.replaceAll('~1', '/')], document);
}

function deref(schema: Json): Json {
  return schema?.$ref ? deref(resolve(schema.$ref)) : schema;
}

/** The objects that a property may hold. */
function objectsIn(schema: Json): Json[] {
  return [schema, ...(schema.anyOf ?? [])].map(deref).filter(({ type }) => type === 'object');
}

/** Places of schemas that a reader can make nothing of: neither type nor reference, or an object without properties. */
function vague(schema: Json, at: string): string[] {
  if (schema.$ref) return [];
  if (schema.anyOf) return schema.anyOf.flatMap((part: Json, index: number) => vague(part, `${at}/anyOf/${index}`));
  const types = [schema.type].flat();
  if (types.includes('array')) return schema.items ? vague(schema.items, `${at}/items`) : [`${at}: no items`];
  if (!types.includes('object')) return schema.type ? [] : [`${at}: no type`];
  const properties = Object.entries<Json>(schema.properties ?? {});
  if (properties.length === 0 && schema.additionalProperties !== true) return [`${at}: an empty object`];
  return properties.flatMap(([name, property]) => vague(property, `${at}/${name}`));
}

/** Whether a documentation page can show a value: an example, a choice, or parts that have one. */
function isShown(schema: Json): boolean {
  const it = deref(schema);
  if (it.anyOf) return it.anyOf.some((part: Json) => part.type === 'null' || isShown(part));
  if ('example' in it || it.examples || it.enum || it.type === 'boolean') return true;
  if (it.type === 'array') return isShown(it.items);
  return it.type === 'object' && Object.values<Json>(it.properties ?? {}).every(isShown);
}

describe('the OpenAPI document', () => {
  it('is of version 3.1, with what that demands', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d$/);
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'api-key']);
    const names = ['schemas', 'examples', 'headers'].flatMap((kind) => Object.keys(document.components[kind]));
    expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
  });

  it('has no reference that leads nowhere', () => {
    const dead = [...nodes()].filter(([, { $ref }]) => typeof $ref === 'string' && resolve($ref) === undefined);
    expect(dead.map(([at, { $ref }]) => `${at} → ${$ref}`)).toEqual([]);
  });

  it('has no schema, example or header that nobody refers to', () => {
    const text = JSON.stringify(document);
    const unused = ['schemas', 'examples', 'headers'].flatMap((kind) =>
      Object.keys(document.components[kind])
        .map((name) => `#/components/${kind}/${name}`)
        .filter((ref) => !text.includes(`"${ref}"`)),
    );
    expect(unused).toEqual([]);
  });

  it('has operation ids that are unique, and fit for a method name', () => {
    const ids = operations.map(({ is }) => is.operationId as string);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[A-Z]\w+_[a-z]\w+$/.test(id))).toEqual([]);
  });

  it('knows whole numbers only, and no word of OpenAPI 3.0', () => {
    const strange = [...nodes()].filter(
      ([, { type, nullable }]) => [type].flat().includes('number') || nullable !== undefined,
    );
    expect(strange.map(([at]) => at)).toEqual([]);
  });

  it('says what every schema is made of', () => {
    const schemas = Object.entries<Json>(document.components.schemas);
    expect(schemas.flatMap(([name, schema]) => vague(schema, name))).toEqual([]);
    const names = schemas.map(([name]) => name);
    expect(names.filter((name) => !/(?:Request|Response|List|Address)$/.test(name))).toEqual([]);
  });

  it('requires only properties that there are', () => {
    const strange = [...nodes()].filter(
      ([, { required, properties }]) =>
        Array.isArray(required) && required.some((name: string) => !(name in (properties ?? {}))),
    );
    expect(strange.map(([at]) => at)).toEqual([]);
  });

  it('says which fields may be absent, as the permissions have it', () => {
    for (const { subject, action, fields } of [
      ...Object.values(CustomerPermissions),
      ...Object.values(UserPermissions),
    ]) {
      if (!fields) continue;
      const name = action === 'view' ? `${subject}Response` : `Update${subject}Request`;
      const { properties, required = [] } = document.components.schemas[name];
      expect(Object.keys(properties as object)).toEqual(expect.arrayContaining([...fields]));
      const left = Object.keys(properties as object).filter((field) => action === 'view' && !fields.includes(field));
      expect(required.filter((field: string) => left.includes(field))).toEqual([]);
      for (const field of left) expect(properties[field].description).toMatch(/^Absent for whoever may not read it/);
    }
  });

  it('gives instants their format', () => {
    const instants = [...nodes()].filter(([, { example }]) => /^\d{4}-\d\d-\d\dT.*Z$/.test(String(example)));
    expect(instants.filter(([, { format }]) => format !== 'date-time').map(([at]) => at)).toEqual([]);
  });

  it('has every path parameter of the template, once', () => {
    for (const operation of operations) {
      const named = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect([operation.name, parameters(operation, 'path').map(({ name }) => name)]).toEqual([operation.name, named]);
      expect(
        parameters(operation, 'path').every(({ name, required, schema }) => {
          return required && schema.type === (name === 'name' ? 'string' : 'integer');
        }),
      ).toBe(true);
    }
  });
});

describe.each(each)('%s', (_name, operation) => {
  const { is } = operation;

  it('says what it does and under which heading', () => {
    expect(is.summary).toMatch(/^[A-Z].*[^.]\.$/);
    expect(document.tags.map(({ name }: Json) => name)).toEqual(expect.arrayContaining(is.tags));
    expect(is.tags).toHaveLength(1);
  });

  it('says who may call it, in words too', () => {
    expect(is.security).toEqual(isSecured(operation) ? [{ bearer: [] }, { 'api-key': [] }] : []);
    const [permission] = is['x-required-permissions'];
    expect(is.description).toContain(permission ? `Needs \`${permission}\`` : 'Needs no ');
  });

  it('shows its success', () => {
    const success = statuses(operation).filter((status) => status.startsWith('2'));
    expect(success.length).toBeGreaterThan(0);
    for (const status of success) {
      const { description, content } = is.responses[status];
      expect(description).not.toBe('');
      if (status === '204') expect(content).toBeUndefined();
      else
        for (const { schema } of Object.values<Json>(content))
          expect([status, isShown(schema)]).toEqual([status, true]);
    }
  });

  it('shows its refusals as problems', () => {
    // A proxy understands no other refusal, so there is none: e2e has it from the server itself.
    const isForProxies = operation.path === '/crm/auth/forward';
    if (isForProxies) expect(statuses(operation)).toEqual(['200', '401', '403']);
    const usual = [
      '400',
      ...(isSecured(operation) ? ['401', '403', '429'] : []),
      ...(operation.path.includes('{') ? ['404'] : []),
      ...(parameters(operation, 'header').some(({ name }) => name === 'If-Match') ? ['412'] : []),
      ...(parameters(operation, 'header').some(({ name }) => name === 'Idempotency-Key') ? ['422'] : []),
      ...(is.requestBody ? ['413', '415'] : []),
      'default',
    ];
    expect(statuses(operation)).toEqual(expect.arrayContaining(isForProxies ? [] : usual));
    for (const [status, answer] of Object.entries<Json>(is.responses)) {
      if (status.startsWith('2')) continue;
      expect([status, Object.keys(answer.content)]).toEqual([status, ['application/problem+json']]);
      const { schema, examples } = answer.content['application/problem+json'];
      expect(schema).toEqual({ $ref: '#/components/schemas/ProblemResponse' });
      for (const example of Object.values<Json>(examples)) {
        const { value } = deref(example);
        expect(value.detail).not.toMatch(/[{}]/);
        if (status !== 'default') expect(value.status).toBe(Number(status));
      }
    }
  });

  it('describes its parameters, and prefills none that would change the answer', () => {
    const silent = is.parameters.filter(({ in: place, description }: Json) => place !== 'path' && !description);
    expect(silent.map(({ name }: Json) => name)).toEqual([]);
    const prefilled = is.parameters.filter(({ schema, example }: Json) => example ?? schema.example ?? schema.examples);
    expect(prefilled).toEqual([]);
  });

  it('refuses unknown fields in its body, and shows one that works', () => {
    if (!is.requestBody) return;
    const [{ schema }] = Object.values<Json>(is.requestBody.content);
    const bodies = [deref(schema), ...Object.values<Json>(deref(schema).properties).flatMap(objectsIn)];
    for (const body of bodies) expect(body).toMatchObject({ type: 'object', additionalProperties: false });
    expect(isShown(schema)).toBe(true);
  });
});
