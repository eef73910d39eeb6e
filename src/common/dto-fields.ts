import { getMetadataStorage } from 'class-validator';
import type { FieldRule } from './fields.js';

export type Dto = new () => object;

/** One field of a request, ready to be judged. */
export interface Field extends FieldRule {
  readonly name: string;
  /** Absent or null where that is allowed: no rule is asked. */
  isSkipped(value: unknown): boolean;
  /** Absent is allowed. */
  readonly isOptional: boolean;
}

type Condition = (row: unknown, value: unknown) => boolean;

const known = new WeakMap<Dto, ReadonlyMap<string, Field>>();

/**
 * The fields of a request class by name, own and inherited, in the order of their declaration. Read from class-validator's
 * metadata once for each class; validating with it would walk them anew for each object.
 */
export function fieldsOf(dto: Dto): ReadonlyMap<string, Field> {
  let fields = known.get(dto);
  if (!fields) {
    fields = read(dto);
    known.set(dto, fields);
  }
  return fields;
}

function read(dto: Dto): ReadonlyMap<string, Field> {
  const rules = new Map<string, FieldRule>();
  const conditions = new Map<string, Condition[]>();
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    const { propertyName: name, constraints } = metadata;
    const rule = metadata.context as FieldRule | undefined;
    if (rule) rules.set(name, rule);
    else conditions.set(name, [...(conditions.get(name) ?? []), ...(constraints as Condition[])]);
  }
  return new Map(
    [...rules].map(([name, rule]) => {
      const demanded = conditions.get(name) ?? [];
      const isSkipped = (value: unknown): boolean => demanded.some((isAsked) => !isAsked(undefined, value));
      return [name, { ...rule, name, isSkipped, isOptional: isSkipped(undefined) }];
    }),
  );
}
