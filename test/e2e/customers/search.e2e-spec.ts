import fc from 'fast-check';
import { TestApp } from '../../support/app.js';
import { walk } from '../../support/contracts/pages.js';
import { aCustomer, customers } from '../../support/factories/customers.js';
import { asAdmin, type Credentials } from '../../support/principals.js';

const WORDS = [
  ...['Anna', 'ANNE', 'annabel', 'Nann', "O'Neil", 'Smith-Jones', 'Größe', 'GROSSE', 'İstanbul', 'ΟΔΟΣ', 'Οδοσία'],
  ...[
    'é',
    'e\u0301clair',
    '😀',
    '😀😎',
    'ﬁsch',
    '１２３',
    '123',
    '12',
    '100%',
    '_',
    '!a',
    'a_b',
    'a%b',
    '\\',
    "'",
    '"',
  ],
  ...['(GmbH)', '&', 'C++', '#1', '漢字', '漢', '\u{20000}', '\u{10ffff}', 'x\u{10ffff}y', 'a.b', '…'],
];
const EMAILS = ['anna.smith@example.com', 'ANNA@Example.org', 'a+b@straße.example', 'x_y@z.example', null];
const PHONES = ['+49 30 901820', '(030) 90-18 20', '0043/1', null];

describe('GET /crm/customers?search=', () => {
  let app: TestApp;
  let admin: Credentials;
  let rows: any[];

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    const named = WORDS.map((word, index) => ({
      customer_name: [
        word,
        WORDS[(index * 7 + 3) % WORDS.length],
        index % 3 === 0 ? WORDS[(index * 11) % WORDS.length] : '',
      ]
        .join(' ')
        .trim(),
      email: EMAILS[index % EMAILS.length],
      phone: PHONES[index % PHONES.length],
    }));
    await customers(app, named);
    rows = await walk(app, { path: '/crm/customers', as: () => admin }, 'limit=100');
  });
  afterAll(() => app.close());

  const search = async (text: string): Promise<number[]> => {
    const query = `limit=100&count=true&search=${encodeURIComponent(text)}`;
    const answer = await app.ask('GET', `/crm/customers?${query}`, { headers: admin });
    if (answer.status !== 200) throw new Error(`${text}: ${answer.text}`);
    expect(answer.body.page.total).toBe(answer.body.data.length);
    return answer.body.data.map((row: any) => row.customer_id as number) as number[];
  };

  it('200 as a model of a dozen lines would answer, whatever is asked', async () => {
    const parts = [...WORDS, ...EMAILS, ...PHONES].flatMap((text) => (text === null ? [] : text.split(' ')));
    const beginning = fc
      .tuple(fc.constantFrom(...parts), fc.nat(6), fc.constantFrom('lower', 'upper', 'as it is'))
      .map(([text, length, form]) => {
        const cut = [...text].slice(0, length + 1).join('');
        return form === 'lower' ? cut.toLowerCase() : form === 'upper' ? cut.toUpperCase() : cut;
      });
    const id = fc.integer({ min: -1, max: WORDS.length + 2 }).map(String);
    const anything = fc.string({ unit: 'grapheme', maxLength: 8 });
    const term = fc.oneof(
      { arbitrary: beginning, weight: 6 },
      { arbitrary: id, weight: 1 },
      { arbitrary: anything, weight: 2 },
    );
    const query = fc
      .array(term, { minLength: 1, maxLength: 3 })
      .map((terms) => terms.join(' '))
      .filter((text) => text.trim() !== '' && text.isWellFormed() && !text.includes('\0'));
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        expect(await search(text)).toEqual(
          rows.filter((row) => isFound(row, text)).map((row) => row.customer_id as number),
        );
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['ANNA', true],
    ['ann', true],
    ['nna', false],
    ['anna SMITH', true],
    ['smith@ex', true],
    ['mith', false],
    ['example', true],
    ['ample', false],
    ['+49', true],
    ['90182', true],
    ['182', false],
    ['%', false],
    ['ann%', false],
    ['a__a', false],
    ['anna nobody', false],
  ])('200: %j finds “Anna”, anna.smith@example.com, +49 30 901820: %j', async (text, expected) => {
    const { customer_id: id } = await aCustomer(app, {
      customer_name: 'Anna',
      email: 'anna.smith@example.com',
      phone: '+49 30 901820',
    });
    expect((await search(text)).includes(id)).toBe(expected);
    expect(await search(`${id} anna`)).toContain(id);
    await app.ask('DELETE', `/crm/customers/${id}`, { headers: admin });
  });

  it('200 with an id only as a whole, and only as ids are spelled', async () => {
    const { customer_id: id } = await aCustomer(app, { customer_name: 'Identity' });
    expect(await search(String(id))).toContain(id);
    for (const odd of [`0${id}`, `+${id}`, `${id}.0`, `${id}0`, `-${id}`, `${id}e0`]) {
      expect(await search(odd)).not.toContain(id);
    }
  });

  it('200 for words beyond what the index keeps: they are compared as far as it goes', async () => {
    const { customer_id: id } = await aCustomer(app, { customer_name: `${'w'.repeat(63)}😀${'v'.repeat(80)}` });
    expect(await search('w'.repeat(63))).toEqual([id]);
    expect(await search(`${'w'.repeat(63)}😀${'v'.repeat(80)}`)).toEqual([id]);
    expect(await search(`${'w'.repeat(63)}🤖`)).toEqual([]);
    expect(await search(`${'w'.repeat(62)}x`)).toEqual([]);
  });

  it('200 with what is shown and nothing else: tax id, address and manager are not searched', async () => {
    const hidden = { tax_id: 'Quokka', account_manager: 'Quokka', address: { city: 'Quokka' }, language: 'Quokka' };
    await aCustomer(app, { customer_name: 'Plain', ...hidden });
    expect(await search('quokka')).toEqual([]);
  });
});

/** The promise in plain words: each word asked for begins a word of name, e-mail or phone, or is the id. */
function isFound(row: any, text: string): boolean {
  const fold = (value: string) => value.normalize('NFKC').toLowerCase().normalize('NFKC').replaceAll('ς', 'σ');
  const stretches = fold([row.customer_name, row.email ?? '', row.phone ?? ''].join(' ')).split(/\s+/u);
  const beginnings = stretches.flatMap((stretch) => [
    stretch,
    ...[...stretch.matchAll(/(?<![\p{L}\p{N}\p{M}])[\p{L}\p{N}]/gu)].map((match) => stretch.slice(match.index)),
  ]);
  const terms = fold(text).split(/\s+/u).filter(Boolean);
  return terms.every((term) => term === String(row.customer_id) || beginnings.some((word) => word.startsWith(term)));
}
