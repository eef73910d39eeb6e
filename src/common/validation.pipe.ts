import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { type Dto, type Field, fieldsOf } from './dto-fields.js';
import { type FieldProblem, InvalidInput } from './errors.js';
import { isCleanText } from './text.js';

const PROBLEMS = 100;
const FIELDS = 200;
const ITEMS = 10_000;
const DEPTH = 10;

/** Turns what came in into its DTO, or lists everything that is wrong with it. Only fields that are declared pass. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (!isDto(metatype) || type === 'custom') return value;
    // A body that was not sent says nothing, which is all that some routes need to hear.
    const input = value ?? (type === 'query' || value === undefined ? {} : value);
    if (!isObject(input)) throw InvalidInput.field('', 'the body must be a JSON object');
    const names = Object.keys(input);
    if (names.length > FIELDS)
      throw InvalidInput.field('', `has ${names.length} fields, more than anything here takes`);
    const problems: FieldProblem[] = [];
    const dto = instanceOf(metatype, input, '', problems);
    if (problems.length > 0) refuse(problems);
    return dto;
  }
}

/** The object as an instance of its class, its values converted; what is wrong with it is added to the problems. */
function instanceOf(metatype: Dto, input: Record<string, unknown>, path: string, problems: FieldProblem[]): object {
  const fields = fieldsOf(metatype);
  const dto = new metatype() as Record<string, unknown>;
  const isMangled = take(dto, input, { fields, path }, problems);
  // What its fields hold is not judged by its rules as well: the first sentence says what to mend.
  if (!isMangled) for (const field of fields.values()) judge(dto, field, path, problems);
  return dto;
}

/** Fills in what is known and fit to be looked at; true when a known field held what no field may hold. */
function take(
  dto: Record<string, unknown>,
  input: Record<string, unknown>,
  { fields, path }: { fields: ReadonlyMap<string, Field>; path: string },
  problems: FieldProblem[],
): boolean {
  let isMangled = false;
  for (const name of Object.keys(input)) {
    const field = fields.get(name);
    const value = input[name];
    if (!field) {
      problems.push(unknown(name, path, fields));
    } else if (typeof value === 'string' ? isCleanText(value) : isFit(value, path, name, problems)) {
      dto[name] = field.convert ? field.convert(value) : value;
    } else {
      if (typeof value === 'string') problems.push(mangled(pointer(path, name)));
      isMangled = true;
    }
  }
  return isMangled;
}

function judge(dto: Record<string, unknown>, field: Field, path: string, problems: FieldProblem[]): void {
  // Most fields of a list are absent, and looking up what is not there costs V8 twenty times as much as asking for it.
  if (field.isOptional && !Object.hasOwn(dto, field.name)) return;
  const value = dto[field.name];
  if (field.isSkipped(value)) return;
  if (!field.accepts(value)) problems.push({ pointer: pointer(path, field.name), detail: field.message });
  else if (field.nested) {
    const [dtoOfField, at] = [field.nested(), pointer(path, field.name)];
    dto[field.name] = instanceOf(dtoOfField, value as Record<string, unknown>, at, problems);
  }
}

function unknown(name: string, path: string, fields: ReadonlyMap<string, Field>): FieldProblem {
  // Only the outermost names are explained: below, the schema says more than a list.
  const known = path === '' ? `; known are ${[...fields.keys()].join(', ')}` : '';
  return { pointer: pointer(path, name), detail: `is not known here${known}` };
}

function isFit(value: unknown, path: string, name: string, problems: FieldProblem[]): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const found = inspect(value, pointer(path, name), 1);
  problems.push(...found);
  return found.length === 0;
}

/** Names that reach into an object's prototype, where a whitelist would take them for known; no field of ours is called so. */
function isPoison(name: string): boolean {
  return name === 'prototype' || name in Object.prototype;
}

function isDto(metatype: unknown): metatype is Dto {
  return typeof metatype === 'function' && ![String, Boolean, Number, Array, Object].includes(metatype as never);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What no field may hold, whatever its rule: text that would be mangled, names that poison, depths that exhaust. */
function inspect(value: unknown, path: string, depth: number): FieldProblem[] {
  if (typeof value === 'string') return isCleanText(value) ? [] : [mangled(path)];
  if (typeof value !== 'object' || value === null) return [];
  if (depth >= DEPTH) return [{ pointer: path, detail: `is nested deeper than ${DEPTH} levels` }];
  if (Array.isArray(value) && value.length > ITEMS) {
    return [{ pointer: path, detail: `has ${value.length} items, more than anything here takes` }];
  }
  const entries = Object.entries(value);
  // What follows walks an object's fields more than once for each: a hundred thousand would hold the server for a minute.
  if (!Array.isArray(value) && entries.length > FIELDS) {
    return [{ pointer: path, detail: `has ${entries.length} fields, more than anything here takes` }];
  }
  return entries.flatMap(([name, item]) => {
    const at = pointer(path, name);
    return isPoison(name) ? [{ pointer: at, detail: 'is not known here' }] : inspect(item, at, depth + 1);
  });
}

function mangled(path: string): FieldProblem {
  return { pointer: path, detail: 'must not contain NUL or half a surrogate pair' };
}

/** RFC 6901. A name is shown cut and cleaned: the client chose it. */
function pointer(path: string, name: string): string {
  return `${path}/${name.slice(0, 100).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function refuse(problems: FieldProblem[]): never {
  const shown = problems.slice(0, PROBLEMS);
  const rest = problems.length - shown.length;
  throw InvalidInput.fields(rest > 0 ? [...shown, { pointer: '', detail: `and ${rest} more problems` }] : shown);
}
