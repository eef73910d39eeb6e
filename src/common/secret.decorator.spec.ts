import { Secret, secretNames, withoutSecretFields } from './secret.decorator.js';

class Marked {
  @Secret()
  first_secret_of_this_test!: string;

  @Secret()
  second_secret_of_this_test!: string;

  shown!: string;
}

describe('@Secret', () => {
  const marked: Marked = { first_secret_of_this_test: 'a', second_secret_of_this_test: 'b', shown: 'c' };

  it('lists each name once, in order', () => {
    const names = secretNames();
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining(['first_secret_of_this_test', 'second_secret_of_this_test']));
  });

  it('leaves marked properties out, in lists and at every depth', () => {
    expect(withoutSecretFields({ a: [{ ...marked }, [marked]], b: { c: marked } })).toEqual({
      a: [{ shown: 'c' }, [{ shown: 'c' }]],
      b: { c: { shown: 'c' } },
    });
  });

  it('keeps the original as it was', () => {
    withoutSecretFields(marked);
    expect(marked).toHaveProperty('first_secret_of_this_test', 'a');
  });

  it.each([[null], [undefined], [0], [''], [false], [[]], [{}]])('keeps %j', (value) => {
    expect(withoutSecretFields(value)).toEqual(value);
  });

  it('pollutes nothing through a name that reaches into a prototype', () => {
    const copy = withoutSecretFields(JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(Object.keys(copy)).toEqual(['__proto__', 'constructor']);
    expect({}).not.toHaveProperty('polluted');
  });
});
