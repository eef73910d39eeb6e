import { Column, type ColumnOptions, type ValueTransformer } from 'typeorm';

/**
 * Column kinds that mean the same on both databases. Both speak this small common tongue, so entities and migrations
 * never ask which one they run on.
 */

/** 24 characters of RFC 3339: text order is time order, and no driver shifts it between time zones (docs/adr/0008). */
export function InstantColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'varchar', length: 24 });
}

export function TextColumn(length: number, options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'varchar', length: String(length) });
}

export function IntColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'int' });
}

/** Up to 2^53: MariaDB hands bigint out as text, so it is turned into a number on the way. */
export function BigIntColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'bigint', transformer: asNumber });
}

export function FlagColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'boolean' });
}

/** At most 64 KB on MariaDB. */
export function LongTextColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'text' });
}

/** A small document, at most 64 KB on MariaDB. */
export function JsonColumn(options: ColumnOptions = {}): PropertyDecorator {
  return Column({ ...options, type: 'text', transformer: asJson });
}

const asNumber: ValueTransformer = {
  from: (value: string | number | null) => (value === null ? null : Number(value)),
  to: (value: unknown) => value,
};

const asJson: ValueTransformer = {
  from: (value: string | null) => (value === null ? null : (JSON.parse(value) as unknown)),
  to: (value: unknown) => (value === null || value === undefined ? value : JSON.stringify(value)),
};
