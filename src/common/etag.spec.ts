import fc from 'fast-check';
import { PreconditionFailed } from './errors.js';
import { assertMatches, etagOf } from './etag.js';

describe('assertMatches', () => {
  it.each([null, '*', ' * ', '"4"', '"3", "4"', ' "4" ,"5"'])('lets version 4 pass with %j', (precondition) => {
    expect(() => assertMatches(precondition, 4)).not.toThrow();
  });

  it.each(['', '"5"', '4', 'W/"4"', '"04"', '"4', '"3","5"', 'null', "'4'"])(
    'refuses version 4 with %j',
    (precondition) => {
      expect(() => assertMatches(precondition, 4)).toThrow(PreconditionFailed);
    },
  );

  it('tells the present tag', () => {
    expect(() => assertMatches('"1"', 7)).toThrow('"7"');
  });

  it('passes exactly when the tag of the version is listed', () => {
    const versions = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(versions, fc.integer({ min: 1, max: 9 }), (listed, version) => {
        const attempt = () => assertMatches(listed.map(etagOf).join(', '), version);
        if (listed.includes(version)) expect(attempt).not.toThrow();
        else expect(attempt).toThrow(PreconditionFailed);
      }),
    );
  });
});
