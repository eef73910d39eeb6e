import type { ArgumentMetadata } from '@nestjs/common';
import fc from 'fast-check';
import type { InvalidInput } from './errors.js';
import { Address, Email, Id, Moment, SecretText, Text, TextList } from './fields.js';
import { ValidationPipe } from './validation.pipe.js';

/** The value that a field of this kind hands on, or what it says against it. */
function judge(decorator: PropertyDecorator, value: unknown): { value: unknown } | { problem: string | undefined } {
  class Dto {
    field: unknown;
  }
  decorator(Dto.prototype, 'field');
  try {
    const made = new ValidationPipe().transform({ field: value }, { type: 'body', metatype: Dto } as ArgumentMetadata);
    return { value: (made as Dto).field };
  } catch (error) {
    return { problem: (error as InvalidInput).extras.errors?.[0]?.detail };
  }
}
const accepts = (decorator: PropertyDecorator, value: unknown): boolean => 'value' in judge(decorator, value);

describe('Text', () => {
  it('is trimmed, then counted in characters', () => {
    expect(judge(Text({ max: 2 }), ' 😀😀 ')).toEqual({ value: '😀😀' });
    expect(judge(Text({ max: 2 }), '😀😀😀')).toEqual({ problem: 'must be a text of 1 to 2 characters' });
    expect(accepts(Text({ max: 5 }), ' \u00a0\t')).toBe(false);
  });

  it('may be absent or null only where it says so', () => {
    const kinds = [{}, { optional: true }, { nullable: true }, { optional: true, nullable: true }];
    const judged = kinds.map((kind) => [
      accepts(Text({ max: 1, ...kind }), undefined),
      accepts(Text({ max: 1, ...kind }), null),
    ]);
    expect(judged).toEqual([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]);
  });

  it('takes nothing but text', () => {
    for (const value of [1, true, {}, [], ['x'], { toString: () => 'x' }])
      expect(accepts(Text({ max: 9 }), value)).toBe(false);
  });

  it('says its pattern in words', () => {
    const currency = Text({ min: 3, max: 3, pattern: /^[A-Z]{3}$/, hint: 'three capitals' });
    expect(judge(currency, 'eur')).toEqual({ problem: 'must be a text of 3 to 3 characters: three capitals' });
    expect(accepts(currency, 'EUR\n')).toBe(true);
  });
});

it('SecretText is taken to the letter', () => {
  expect(judge(SecretText({ min: 3, max: 5 }), ' a ')).toEqual({ value: ' a ' });
  expect(accepts(SecretText({ min: 3, max: 5 }), '123456')).toBe(false);
});

describe('Email', () => {
  it.each(['a@b.example', ' a@b.example ', 'a+b.c_d@x-y.example', 'ü@straße.example', "o'neil@b.example"])(
    'takes %j',
    (text) => {
      expect(judge(Email(), text)).toEqual({ value: text.trim() });
    },
  );

  it.each([
    ...['', 'a', '@b.example', 'a@', 'a@b', 'a@@b.example', 'a b@c.example', 'a@b..example', 'a@-b.example'],
    ...[
      'a@b.example\nBcc:x@y.example',
      'a@b.example,c@d.example',
      '<a@b.example>',
      'a@[127.0.0.1]',
      `${'x'.repeat(65)}@b.example`,
    ],
    ...[`a@${'x.'.repeat(130)}example`, 'a\u0000@b.example'],
  ])('refuses %j', (text) => {
    expect(accepts(Email(), text)).toBe(false);
  });

  it('decides about hostile lengths at once', () => {
    const began = performance.now();
    for (const text of [`a@${'a.'.repeat(50_000)}`, `${'a'.repeat(100_000)}@`, `a@${'a-'.repeat(126)}!`])
      accepts(Email(), text);
    expect(performance.now() - began).toBeLessThan(500);
  });
});

it('Id is a whole number from 1 to 2^53 - 1', () => {
  const judged = [1, 2 ** 53 - 1, 0, -1, 1.5, 2 ** 53, '1', NaN, Infinity, true].map((value) => accepts(Id(), value));
  expect(judged).toEqual([true, true, ...Array<boolean>(8).fill(false)]);
});

describe('Moment', () => {
  it('is the start or the end of a day, or an instant in UTC', () => {
    expect(judge(Moment({ date: 'start' }), '2030-01-31')).toEqual({ value: '2030-01-31T00:00:00.000Z' });
    expect(judge(Moment(), '2030-01-31')).toEqual({ value: '2030-01-31T23:59:59.000Z' });
    expect(judge(Moment({ date: 'start' }), '2030-01-31T01:00:00.5+02:00')).toEqual({
      value: '2030-01-30T23:00:00.500Z',
    });
  });

  it('is what it was, whatever the instant', () => {
    const range = { min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true };
    fc.assert(
      fc.property(fc.date(range), (date) => {
        expect(judge(Moment(), date.toISOString())).toEqual({ value: date.toISOString() });
      }),
    );
  });

  it.each([
    '',
    'now',
    '2030',
    '2030-02-30',
    '2030-13-01',
    '2030-01-31T25:00:00Z',
    '2030-01-31T12:00:00',
    '1893456000',
    5,
    null,
  ])('refuses %j', (value) => {
    expect(accepts(Moment(), value)).toBe(false);
  });
});

it('TextList is distinct, bounded and of texts alone', () => {
  const list = TextList({ min: 1, max: 2, lowerCase: true });
  expect(judge(list, ['A', 'b'])).toEqual({ value: ['a', 'b'] });
  for (const wrong of [[], ['a', 'A'], ['a', 'b', 'c'], [1], [''], ['x'.repeat(101)], 'a', { 0: 'a', length: 1 }]) {
    expect(accepts(list, wrong)).toBe(false);
  }
});

it('Address is handed on in its canonical spelling', () => {
  expect(judge(Address(), '::FFFF:10.0.0.1')).toEqual({ value: '10.0.0.1' });
  for (const wrong of ['10.1', '010.0.0.1', '10.0.0.0/8', 'localhost', 1])
    expect(accepts(Address(), wrong)).toBe(false);
});
