import fc from 'fast-check';
import { type Filter, narrowingsOf, where } from './list-definition.js';

interface Asked {
  status?: string | undefined;
  words?: string | undefined;
}

const words: Filter<string> = {
  shape: (text) => text.split(' ').length,
  where: () => undefined,
  bind: (text) => Object.fromEntries(text.split(' ').map((word, index) => [`word${index}`, word])),
};
const scope: Filter<string> = { shape: (who) => who, where: () => undefined, bind: () => ({}) };
const filters = { status: where<string>('status', 'row.status = :status'), words };
const definition = { scope, filters };
const asked = fc.record<Asked>(
  {
    status: fc.constantFrom('active', 'words=2', ' words'),
    words: fc.array(fc.constantFrom('a', 'b', 'status'), { minLength: 1, maxLength: 3 }).map((all) => all.join(' ')),
  },
  { requiredKeys: [] },
);

describe('narrowingsOf', () => {
  it('has one key for one combination of filters and shapes, whatever the values', () => {
    const combination = ({ status, words: text }: Asked): string =>
      `${status === undefined} ${text?.split(' ').length ?? 0}`;
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const isSame = combination(one) === combination(other);
        expect(narrowingsOf(definition, 'all', one).key === narrowingsOf(definition, 'all', other).key).toBe(isSame);
      }),
    );
  });

  it('narrows by what is asked and declared, and by nothing else', () => {
    const { narrowings } = narrowingsOf(definition, 'few', { status: 'x', words: undefined, other: 'y' } as Asked);
    expect(narrowings).toEqual([
      { filter: scope, value: 'few' },
      { filter: filters.status, value: 'x' },
    ]);
    expect(filters.status.bind('x')).toEqual({ status: 'x' });
  });
});
