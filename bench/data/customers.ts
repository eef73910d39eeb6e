import { foldedKey, longestWords, searchWords } from '../../src/common/text.ts';
import { Random } from './random.ts';
import type { Row } from './store.ts';

const SEED = 20_261_121;
const FIRST_DAY = Date.UTC(2020, 0, 1);
const STEP_MS = 150_000;

const SYLLABLES: [string, ...string[]] = [
  ...[
    'ba',
    'ber',
    'da',
    'del',
    'fa',
    'fen',
    'ga',
    'gor',
    'ha',
    'hel',
    'ja',
    'jun',
    'ka',
    'kel',
    'la',
    'lin',
    'ma',
    'mer',
  ],
  ...[
    'na',
    'nor',
    'pa',
    'pel',
    'ra',
    'rin',
    'sa',
    'sol',
    'ta',
    'tor',
    'va',
    'ven',
    'wa',
    'win',
    'za',
    'zel',
    'cor',
    'dun',
  ],
] as [string, ...string[]];
const TRADES: [string, ...string[]] = [
  'Telekom',
  'Networks',
  'Logistics',
  'Energy',
  'Media',
  'Systems',
  'Foods',
  'Motors',
];
const FORMS: [string, ...string[]] = ['GmbH', 'Ltd', 'Inc', 'SA', 'AG', 'Pty'];
const FIRST_NAMES: [string, ...string[]] = [
  'Anna',
  'Luc',
  'Maria',
  'Tom',
  'Priya',
  'James',
  'Aisha',
  'Ingrid',
  'Paul',
  'Zoe',
];
const MANAGERS: [string, ...string[]] = ['Maria Keller', 'James Whitfield', 'Aisha Rahman', 'Luc Moreau', 'Priya Nair'];
const CITIES: [string, ...string[]] = ['Berlin', 'Leeds', 'Perth', 'Denver', 'Lyon', 'Bremen', 'Cardiff', 'Austin'];
const LANDS: [Land, ...Land[]] = [
  { country: 'DE', currency: 'EUR', language: 'de', phone: '+49 30 23125' },
  { country: 'GB', currency: 'GBP', language: 'en-GB', phone: '+44 20 79460' },
  { country: 'US', currency: 'USD', language: 'en-US', phone: '+1 212 55501' },
];

interface Land {
  readonly country: string;
  readonly currency: string;
  readonly language: string;
  readonly phone: string;
}

export const CUSTOMER_COLUMNS =
  'customer_id customer_name name_key customer_type status email phone line1 line2 city state postcode country country_key tax_id currency language account_manager account_manager_key version created updated'.split(
    ' ',
  );
export const WORD_COLUMNS = ['customer_id', 'word'];

/** A customer of this id, the same at each call, with the words that it is found by. */
export function customer(id: number): { readonly row: Row; readonly words: Row[] } {
  const random = new Random(SEED + id);
  const land = random.of(LANDS);
  const isCompany = random.fraction() < 0.7;
  const last = capital(random.of(SYLLABLES) + random.of(SYLLABLES) + random.of(SYLLABLES));
  const first = random.of(FIRST_NAMES);
  const trade = random.of(TRADES);
  const name = isCompany ? `${last} ${trade} ${random.of(FORMS)}` : `${first} ${last}`;
  const email = (isCompany ? `office@${last}-${trade}.example` : `${first}.${last}@mail.example`).toLowerCase();
  const phone = `${land.phone} ${random.digits(4)}`;
  const manager = isCompany ? random.of(MANAGERS) : null;
  const row = [
    ...[id, name, foldedKey(name, 200), isCompany ? 'company' : 'individual', statusOf(random), email, phone],
    ...addressOf(random, land),
    ...[isCompany ? `${land.country}${random.digits(9)}` : null, land.currency, land.language],
    ...[manager, manager && foldedKey(manager, 100), 1, ...times(id, random)],
  ];
  return { row, words: [` ${id}`, ...longestWords(searchWords(name, email, phone))].map((word) => [id, word]) };
}

function statusOf(random: Random): string {
  const drawn = random.fraction();
  return drawn < 0.88 ? 'active' : drawn < 0.95 ? 'inactive' : 'suspended';
}

function addressOf(random: Random, { country }: Land): Row {
  const line = `${random.of(SYLLABLES)}strasse ${1 + random.below(200)}`;
  return [capital(line), null, random.of(CITIES), null, random.digits(5), country, foldedKey(country, 100)];
}

/** Created in the order of the ids, as customers are; some were edited since. */
function times(id: number, random: Random): [string, string] {
  const created = FIRST_DAY + id * STEP_MS;
  const updated = random.fraction() < 0.3 ? created + random.below(1_000) * STEP_MS : created;
  return [new Date(created).toISOString(), new Date(updated).toISOString()];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
