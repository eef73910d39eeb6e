import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_FILTER, samplesOf } from './samples.ts';

const DOCUMENT = join(import.meta.dirname, '../../docs/openapi.json');

/** Walks through principals batch by batch, and the access log of a token, which is that of a key. */
const UNEXAMINED: ReadonlySet<string> = new Set([
  '/crm/authz/who-can',
  '/crm/personal-tokens/{personal_token_id}/access-logs',
]);

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: { readonly enum?: readonly string[] };
}

/** A list that the API offers, and everything that it can be asked for, as query strings. */
export interface List {
  readonly path: string;
  readonly questions: readonly string[];
}

/** From the API document: a list, filter or sort that is new is examined without a word here. */
export function lists(): List[] {
  const { paths } = JSON.parse(readFileSync(DOCUMENT, 'utf8')) as {
    paths: Record<string, { get?: { parameters?: readonly Parameter[] } }>;
  };
  return Object.entries(paths).flatMap(([path, { get }]) => {
    const query = (get?.parameters ?? []).filter((it) => it.in === 'query');
    const isList = query.some((it) => it.name === 'cursor');
    return isList && !UNEXAMINED.has(path) ? [{ path: filled(path), questions: questionsOf(filled(path), query) }] : [];
  });
}

/** Those below a customer or a key are examined at one that is there. */
function filled(path: string): string {
  return path.replace('{customer_id}', '5000').replace('{api_key_id}', '1007');
}

/** Each sort, each sample of each filter, and of each filter the commonest with each sort. */
function questionsOf(path: string, query: readonly Parameter[]): string[] {
  const sorts = query.find((it) => it.name === 'sort')?.schema.enum ?? [];
  const isCounted = query.some((it) => it.name === 'count');
  const filters = query
    .filter((it) => !NO_FILTER.has(it.name))
    .map(({ name, schema }) => samplesOf(path, name, schema.enum).map((value) => `${name}=${encoded(value)}`));
  const common = filters.flatMap(([first]) => (first === undefined ? [] : [first]));
  return [
    '',
    ...(isCounted ? ['count=true'] : []),
    ...sorts.map((sort) => `sort=${sort}`),
    ...filters.flat(),
    ...(isCounted ? common.slice(0, 1).map((filter) => `${filter}&count=true`) : []),
    ...common.flatMap((filter) => sorts.map((sort) => `${filter}&sort=${sort}`)),
  ];
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':').replaceAll('%20', '+').replaceAll('%2F', '/');
}
