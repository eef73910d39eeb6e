import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf } from 'class-validator';
import type { Instant } from './clock.js';
import { parseExpiry } from './expiry-instant.js';
import { formatAddress, IpRange, parseAddress } from './ip-range.js';

/** Composite field decorators: each is the validator, the sentence a client reads, and the OpenAPI schema of one kind of field. */
interface Common {
  /** May be absent. */
  readonly optional?: boolean;
  /** May be null, which clears it. */
  readonly nullable?: boolean;
  /** Comes as text from the query string. */
  readonly query?: boolean;
  readonly example?: unknown;
}

/** What a field's value must be, and how it is made of what came in. The validation pipe goes by nothing else. */
export interface FieldRule {
  readonly message: string;
  accepts(value: unknown): boolean;
  /** What came in as the value that handlers get; whatever is no such thing stays as it is, and is refused. */
  readonly convert?: (value: unknown) => unknown;
  /** The value is an object with fields of its own. */
  readonly nested?: () => new () => object;
}

interface Documented extends FieldRule {
  readonly name: string;
  readonly schema: ApiPropertyOptions;
}

/** class-validator keeps the rule, so that Nest's mapped types (PartialType and its like) hand it on. */
function field({ name, schema, ...rule }: Documented, options: Common): PropertyDecorator {
  const { optional = false, nullable = false, example } = options;
  const isSkipped = (value: unknown): boolean => (optional && value === undefined) || (nullable && value === null);
  // Said only where it is so: a mere reference to a schema stays one.
  const said = { ...(nullable ? { nullable } : {}), ...(example === undefined ? {} : { example }) };
  const documented = { ...schema, required: !optional, ...said };
  return applyDecorators(
    ValidateIf((_row, value) => !isSkipped(value)),
    ValidateBy({ name, validator: { validate: (value) => rule.accepts(value) } }, { context: rule }),
    ApiProperty(documented as ApiPropertyOptions),
  );
}

/** A text of `min` to `max` characters (code points), trimmed; blank counts as empty. */
export function Text(
  options: Common & { max: number; min?: number; pattern?: RegExp; hint?: string },
): PropertyDecorator {
  const { max, min = 1, pattern, hint } = options;
  const accepts = (value: unknown): boolean => {
    if (typeof value !== 'string' || value.length > max * 2) return false;
    const length = [...value].length;
    return length >= min && length <= max && (pattern?.test(value) ?? true);
  };
  const message = `must be a text of ${min} to ${max} characters${hint ? `: ${hint}` : ''}`;
  const schema: ApiPropertyOptions = { type: String, minLength: min, maxLength: max };
  return field({ name: 'text', message, schema, accepts, convert: trimmed }, options);
}

/** A secret text is taken to the letter: not trimmed, not folded. */
export function SecretText(options: Common & { max: number; min?: number }): PropertyDecorator {
  const { max, min = 1 } = options;
  return field(
    {
      name: 'secretText',
      message: `must be a text of ${min} to ${max} characters`,
      schema: { type: String, minLength: min, maxLength: max, format: 'password' },
      accepts: (value) => typeof value === 'string' && value.length >= min && value.length <= max,
    },
    options,
  );
}

// Deliberately loose (RFC 5321 sizes, one @, a dot in the domain): only a mail that arrives proves an address.
const EMAIL =
  /^[^\s@<>()[\],;:\\"\p{Cc}]{1,64}@[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62}))+$/u;

export function Email(options: Common = {}): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'string' && value.length <= 254 && EMAIL.test(value);
  const schema: ApiPropertyOptions = { type: String, format: 'email', maxLength: 254 };
  const message = 'must be an e-mail address like name@example.com';
  return field({ name: 'email', message, schema, accepts, convert: trimmed }, options);
}

export function Integer(options: Common & { min: number; max: number }): PropertyDecorator {
  const { min, max, query = false } = options;
  const accepts = (value: unknown): boolean =>
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  const message = `must be a whole number from ${min} to ${max}`;
  const schema: ApiPropertyOptions = { type: 'integer', minimum: min, maximum: max };
  const convert = query ? fromQuery(/^-?\d{1,16}$/, Number) : undefined;
  return field({ name: 'integer', message, schema, accepts, convert }, options);
}

/** An id as the API hands them out: a positive integer below 2^53. */
export function Id(options: Common = {}): PropertyDecorator {
  return Integer({ ...options, min: 1, max: Number.MAX_SAFE_INTEGER });
}

/** An id, or a text for what has none, such as an address. */
export function IdOrText(options: Common & { max: number }): PropertyDecorator {
  const { max, example } = options;
  const accepts = (value: unknown): boolean =>
    typeof value === 'string'
      ? value.length >= 1 && value.length <= max
      : Number.isSafeInteger(value) && Number(value) > 0;
  const message = `must be a positive whole number or a text of 1 to ${max} characters`;
  const id = { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER, example };
  const schema: ApiPropertyOptions = { anyOf: [id, { type: 'string', minLength: 1, maxLength: max }] };
  return field({ name: 'idOrText', message, schema, accepts }, options);
}

export function Flag(options: Common = {}): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'boolean';
  const convert = options.query ? fromQuery(/^(?:true|false)$/, (text) => text === 'true') : undefined;
  return field(
    { name: 'flag', message: 'must be true or false', schema: { type: Boolean }, accepts, convert },
    options,
  );
}

export function Choice(values: readonly string[], options: Common = {}): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'string' && values.includes(value);
  const message = `must be one of ${values.join(', ')}`;
  return field({ name: 'choice', message, schema: { type: String, enum: [...values] }, accepts }, options);
}

/** `sort=name` or `sort=-created`, by the names given. */
export function Sort(names: readonly string[]): PropertyDecorator {
  return Choice(
    names.flatMap((name) => [name, `-${name}`]),
    { optional: true },
  );
}

/**
 * A moment: an RFC 3339 instant, or a date that means the end (default) or the start of that day in UTC (spec rule 9).
 * Handlers get it as an `Instant`.
 */
export function Moment(options: Common & { date?: 'start' | 'end' } = {}): PropertyDecorator {
  const parse = options.date === 'start' ? parseStart : parseExpiry;
  const accepts = (value: unknown): boolean => typeof value === 'string' && parse(value) !== null;
  const message = 'must be a date like 2030-12-31 or an RFC 3339 instant like 2030-12-31T08:00:00Z';
  const schema: ApiPropertyOptions = { type: String, examples: ['2030-12-31', '2030-12-31T08:00:00Z'] };
  const convert = (value: unknown): unknown => (typeof value === 'string' ? (parse(value) ?? value) : value);
  return field({ name: 'moment', message, schema, accepts, convert }, options);
}

function parseStart(text: string): Instant | null {
  const instant = parseExpiry(text);
  return instant !== null && text.length === instant.indexOf('T') ? `${text}T00:00:00.000Z` : instant;
}

/** An IP address in any spelling, handed on in its canonical one. */
export function Address(options: Common = {}): PropertyDecorator {
  const convert = (value: unknown): unknown => {
    const parsed = typeof value === 'string' ? parseAddress(value) : null;
    return parsed === null ? value : formatAddress(parsed);
  };
  const accepts = (value: unknown): boolean => typeof value === 'string' && parseAddress(value) !== null;
  const message = 'must be an IPv4 or IPv6 address';
  return field({ name: 'address', message, schema: { type: String }, accepts, convert }, options);
}

interface ListOptions extends Common {
  readonly min?: number;
  readonly max: number;
}

/** A list of distinct short texts, e.g. permission identifiers. */
export function TextList(options: ListOptions & { length?: number; lowerCase?: boolean }): PropertyDecorator {
  const { min = 0, max, length = 100, lowerCase = false } = options;
  const accepts = (value: unknown): boolean =>
    isDistinctList(value, min, max) &&
    value.every((item) => typeof item === 'string' && item.length >= 1 && item.length <= length);
  const message = `must be a list of ${min} to ${max} different texts of 1 to ${length} characters`;
  const schema: ApiPropertyOptions = { type: [String], minItems: min, maxItems: max };
  return field({ name: 'textList', message, schema, accepts, convert: lowerCase ? lowered : undefined }, options);
}

/**
 * A list of addresses and networks, handed on in canonical spelling. The whole internet is no restriction, so whoever
 * takes it (`anywhere`) asks whether it is meant.
 */
export function RangeList(options: ListOptions & { anywhere?: boolean }): PropertyDecorator {
  const { min = 0, max, anywhere = false } = options;
  const range = (item: unknown): IpRange | null => {
    const parsed = typeof item === 'string' ? IpRange.parse(item) : null;
    return parsed instanceof IpRange && (anywhere || parsed.prefix > 0) ? parsed : null;
  };
  const accepts = (value: unknown): boolean =>
    isDistinctList(value, min, max) && value.every((item) => range(item) !== null);
  const limit = anywhere ? '' : ' and not the whole internet';
  const message = `must be a list of ${min} to ${max} different addresses or networks such as 10.0.0.0/24, without bits behind the prefix${limit}`;
  const convert = (value: unknown): unknown =>
    Array.isArray(value) ? value.map((item: unknown) => range(item)?.toString() ?? item) : value;
  const schema: ApiPropertyOptions = { type: [String], minItems: min, maxItems: max };
  return field({ name: 'rangeList', message, schema, accepts, convert }, options);
}

/** A list of distinct ids. */
export function IdList(options: ListOptions): PropertyDecorator {
  const { min = 0, max } = options;
  const accepts = (value: unknown): boolean =>
    isDistinctList(value, min, max) && value.every((item) => Number.isSafeInteger(item) && Number(item) > 0);
  const message = `must be a list of ${min} to ${max} different ids (positive whole numbers)`;
  return field({ name: 'idList', message, schema: { type: [Number], minItems: min, maxItems: max }, accepts }, options);
}

/** An object of its own class, validated by that class's fields. */
export function Nested<T extends object>(type: () => new () => T, options: Common = {}): PropertyDecorator {
  const accepts = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  return field(
    { name: 'nested', message: 'must be an object', schema: { type: type() }, accepts, nested: type },
    options,
  );
}

function isDistinctList(value: unknown, min: number, max: number): value is unknown[] {
  return Array.isArray(value) && value.length >= min && value.length <= max && new Set(value).size === value.length;
}

function lowered(value: unknown): unknown {
  return Array.isArray(value)
    ? value.map((item: unknown) => (typeof item === 'string' ? item.toLowerCase() : item))
    : value;
}

function trimmed(value: unknown): unknown {
  return typeof value === 'string' ? value.trim() : value;
}

/** Text from the query becomes its value only when it is spelled plainly: `1e3` and `0x10` stay text and are refused. */
function fromQuery(pattern: RegExp, convert: (text: string) => unknown): (value: unknown) => unknown {
  return (value) => (typeof value === 'string' && pattern.test(value) ? convert(value) : value);
}
