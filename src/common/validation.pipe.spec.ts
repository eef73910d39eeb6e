import type { ArgumentMetadata } from '@nestjs/common';
import fc from 'fast-check';
import type { InvalidInput } from './errors.js';
import { Choice, Flag, IdList, Integer, Nested, Text } from './fields.js';
import { ListQuery } from './page.js';
import { ValidationPipe } from './validation.pipe.js';

class Inner {
  @Text({ max: 5, optional: true, nullable: true })
  city?: string | null;
}

class Body {
  @Text({ max: 5 })
  name!: string;

  @Choice(['a', 'b'], { optional: true })
  kind?: string;

  @Nested(() => Inner, { optional: true, nullable: true })
  inner?: Inner | null;

  @IdList({ max: 3, optional: true })
  ids?: number[];

  @Integer({ min: 1, max: 9, optional: true })
  count?: number;

  @Flag({ optional: true })
  isOn?: boolean;
}

const pipe = new ValidationPipe();
const body = (value: unknown) => pipe.transform(value, { type: 'body', metatype: Body } as ArgumentMetadata);
const query = (value: unknown) => pipe.transform(value, { type: 'query', metatype: ListQuery } as ArgumentMetadata);

function problemsOf(work: () => unknown): Record<string, string> {
  try {
    work();
  } catch (error) {
    const errors = (error as InvalidInput).extras.errors ?? [];
    return Object.fromEntries(errors.map(({ pointer, detail }) => [pointer, detail]));
  }
  return {};
}
const pointersOf = (work: () => unknown) => Object.keys(problemsOf(work)).toSorted();

describe('ValidationPipe', () => {
  it('hands on an instance with what was given, and nothing that was not', () => {
    const made = body({ name: ' Anna ', inner: { city: null }, ids: [1, 2] });
    expect(made).toBeInstanceOf(Body);
    expect(JSON.parse(JSON.stringify(made))).toEqual({ name: 'Anna', inner: { city: null }, ids: [1, 2] });
  });

  it('lists unknown fields and wrong ones together, those below with their path', () => {
    const wrong = { name: 1, kind: 'c', inner: { city: '123456', 'a/b~': 1 }, ids: [0], count: '1', isOn: 1, x: 1 };
    expect(pointersOf(() => body(wrong))).toEqual([
      ...['/count', '/ids', '/inner/a~1b~0', '/inner/city', '/isOn', '/kind', '/name', '/x'],
    ]);
    expect(problemsOf(() => body({ name: 'x', y: 1 }))['/y']).toContain('known are name, kind, inner');
  });

  it('takes a body that was not sent for one that says nothing', () => {
    expect(pointersOf(() => body(undefined))).toContain('/name');
  });

  it.each([null, [], 'text', 7, true])('takes no body but an object: %j', (value) => {
    expect(pointersOf(() => body(value))).toEqual(['']);
  });

  it('takes no name that reaches into a prototype, at any depth', () => {
    const names = [...Object.getOwnPropertyNames(Object.prototype), 'prototype'];
    for (const name of names) {
      const poison = JSON.parse(`{${JSON.stringify(name)}: {"isAdmin": true}}`) as object;
      expect(pointersOf(() => body(Object.assign(JSON.parse('{"name":"x"}'), { inner: poison })))).toEqual([
        `/inner/${name}`,
      ]);
      const top = JSON.parse(`{"name": "x", ${JSON.stringify(name)}: 1}`) as object;
      expect(pointersOf(() => body(top))).toEqual([`/${name}`]);
    }
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  it('names text that would be mangled, and what is nested too deep, beside what is unknown', () => {
    expect(pointersOf(() => body({ name: 'a\0', inner: { city: '\ud800' }, x: '\0' }))).toEqual([
      ...['/inner/city', '/name', '/x'],
    ]);
    let deep: object = {};
    for (let depth = 0; depth < 20; depth += 1) deep = { city: deep };
    expect(Object.values(problemsOf(() => body({ name: 'x', inner: deep })))).toEqual([
      'is nested deeper than 10 levels',
    ]);
  });

  it('cuts short what is endless', () => {
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`f${index}`, 1]));
    expect(problemsOf(() => body(many))).toEqual({ '': 'has 201 fields, more than anything here takes' });
    const fewer = Object.fromEntries(Object.entries(many).slice(0, 150));
    expect(Object.keys(problemsOf(() => body({ ...fewer })))).toHaveLength(101);
    const [pointer = ''] = pointersOf(() => body({ name: 'x', ['y'.repeat(5_000)]: 1 }));
    expect(pointer).toHaveLength(101);
  });

  it('never lets pass what it does not know, and never fails otherwise than by saying so', () => {
    fc.assert(
      fc.property(
        fc.object({ key: fc.oneof(fc.constantFrom('name', 'inner', 'ids', 'city'), fc.string()) }),
        (value) => {
          const problems = problemsOf(() => body(value));
          const unknown = Object.keys(value).filter(
            (name) => !['name', 'kind', 'inner', 'ids', 'count', 'isOn'].includes(name),
          );
          for (const name of unknown) {
            expect(problems).toHaveProperty([`/${name.toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`]);
          }
        },
      ),
    );
  });

  it('reads numbers and flags of a query only when they are spelled plainly', () => {
    expect(query({})).toMatchObject({ limit: 25 });
    expect(query({ limit: '7', count: 'true' })).toMatchObject({ limit: 7, count: true });
    for (const limit of ['', ' 7', '07 ', '1e1', '0x1', '7.0', '+7', ['7'], { $gt: 1 }, '101', '0', '٧']) {
      expect(pointersOf(() => query({ limit }))).toEqual(['/limit']);
    }
    for (const count of ['', '1', 'TRUE', 'yes', ['true']])
      expect(pointersOf(() => query({ count }))).toEqual(['/count']);
  });

  it('leaves alone what is no DTO', () => {
    expect(pipe.transform('x', { type: 'param', metatype: String } as ArgumentMetadata)).toBe('x');
    expect(pipe.transform({ a: 1 }, { type: 'custom', metatype: Body } as ArgumentMetadata)).toEqual({ a: 1 });
  });
});
