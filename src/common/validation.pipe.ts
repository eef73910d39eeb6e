import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationError, validateSync } from 'class-validator';
import { type FieldProblem, InvalidInput } from './errors.js';
import { isCleanText } from './text.js';

type Dto = new () => object;

const PROBLEMS = 100;
const FIELDS = 200;
const ITEMS = 10_000;
const DEPTH = 10;

/** Turns what came in into its DTO, or lists everything that is wrong with it. Only whitelisted fields pass. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  private readonly knownFields = new Map<Dto, ReadonlySet<string>>();

  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (!isDto(metatype) || type === 'custom') return value;
    // A body that was not sent says nothing, which is all that some routes need to hear.
    const input = type === 'query' || value === undefined ? { ...(value as object | undefined) } : value;
    if (!isObject(input)) throw InvalidInput.field('', 'the body must be a JSON object');
    const known = this.fieldsOf(metatype);
    const unknown = unknownFields(input, known);
    const fields = Object.fromEntries(Object.entries(input).filter(([name]) => known.has(name)));
    const mangled = inspect(fields, '', 0);
    if (mangled.length > 0) refuse([...unknown, ...mangled]);
    const dto = plainToInstance(metatype, fields);
    const rules = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };
    refuse([...unknown, ...problemsOf(validateSync(dto, rules), '')]);
    return dto;
  }

  private fieldsOf(metatype: Dto): ReadonlySet<string> {
    let known = this.knownFields.get(metatype);
    if (!known) {
      const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
      known = new Set(rules.map((rule) => rule.propertyName));
      this.knownFields.set(metatype, known);
    }
    return known;
  }
}

function unknownFields(input: object, known: ReadonlySet<string>): FieldProblem[] {
  const names = Object.keys(input);
  if (names.length > FIELDS) throw InvalidInput.field('', `has ${names.length} fields, more than anything here takes`);
  return names
    .filter((name) => !known.has(name))
    .map((name) => ({ pointer: pointer('', name), detail: `is not known here; known are ${[...known].join(', ')}` }));
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
  if (typeof value === 'string') {
    return isCleanText(value) ? [] : [{ pointer: path, detail: 'must not contain NUL or half a surrogate pair' }];
  }
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

function problemsOf(errors: readonly ValidationError[], path: string): FieldProblem[] {
  return errors.flatMap((error) => {
    const at = pointer(path, error.property);
    const nested = problemsOf(error.children ?? [], at);
    const { whitelistValidation, nestedValidation: _, ...own } = error.constraints ?? {};
    const details = whitelistValidation ? ['is not known here'] : Object.values(own);
    return [...details.map((detail) => ({ pointer: at, detail })), ...nested];
  });
}

/** RFC 6901. A name is shown cut and cleaned: the client chose it. */
function pointer(path: string, name: string): string {
  return `${path}/${name.slice(0, 100).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function refuse(problems: FieldProblem[]): void {
  if (problems.length === 0) return;
  const shown = problems.slice(0, PROBLEMS);
  const rest = problems.length - shown.length;
  throw InvalidInput.fields(rest > 0 ? [...shown, { pointer: '', detail: `and ${rest} more problems` }] : shown);
}
