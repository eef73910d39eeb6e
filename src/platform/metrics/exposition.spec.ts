import { type Family, familyText, labelText } from './exposition.js';

const family: Family = { name: 'things_total', type: 'counter', help: 'Things.' };

describe('the text of a family', () => {
  it('says once what it is, then a line for each combination of labels', () => {
    const samples = [
      { labels: labelText({ kind: 'a' }), value: 1 },
      { labels: labelText({ kind: 'b', color: 'red' }), value: 2.5 },
    ];
    expect(familyText(family, samples)).toBe(
      '# HELP things_total Things.\n# TYPE things_total counter\nthings_total{kind="a"} 1\nthings_total{kind="b",color="red"} 2.5\n',
    );
  });

  it('has no line break and no quote that is not meant', () => {
    const labels = labelText({ what: 'a "b" \\ c\nd' });
    expect(labels).toBe('what="a \\"b\\" \\\\ c\\nd"');
    const text = familyText({ ...family, help: 'One.\nTwo \\ three.' }, [{ labels, value: 1 }]);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('# HELP things_total One.\\nTwo \\\\ three.\n');
  });

  it.each([
    [Infinity, '+Inf'],
    [-Infinity, '-Inf'],
    [NaN, 'NaN'],
    [1e21, '1e+21'],
    [0, '0'],
  ])('writes %p as %s', (value, text) => {
    expect(familyText(family, [{ value }])).toContain(`\nthings_total ${text}\n`);
  });

  it('is nothing where there is nothing to tell', () => expect(familyText(family, [])).toBe(''));
});
