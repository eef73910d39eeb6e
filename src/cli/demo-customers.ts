import type { Faker } from '@faker-js/faker';
import { faker as german } from '@faker-js/faker/locale/de';
import { faker as australian } from '@faker-js/faker/locale/en_AU';
import { faker as british } from '@faker-js/faker/locale/en_GB';
import { faker as american } from '@faker-js/faker/locale/en_US';
import { faker as french } from '@faker-js/faker/locale/fr';
import { CreateCustomerRequest } from '../customers/customers.dto.js';

interface Land {
  readonly faker: Faker;
  readonly country: string;
  readonly currency: string;
  readonly language: string;
  /** `#` is a digit. Ranges that the authorities keep free for films: nobody answers there. */
  readonly phone: string;
  readonly taxId: string;
}

const GERMANY: Land = {
  faker: german,
  country: 'DE',
  currency: 'EUR',
  language: 'de',
  phone: '+49 30 23125 ###',
  taxId: 'DE#########',
};

const LANDS: readonly Land[] = [
  GERMANY,
  {
    faker: british,
    country: 'GB',
    currency: 'GBP',
    language: 'en-GB',
    phone: '+44 20 7946 0###',
    taxId: 'GB#########',
  },
  {
    faker: australian,
    country: 'AU',
    currency: 'AUD',
    language: 'en-AU',
    phone: '+61 2 7010 ####',
    taxId: '## ### ### ###',
  },
  { faker: american, country: 'US', currency: 'USD', language: 'en-US', phone: '+1 212 555 01##', taxId: '##-#######' },
  { faker: french, country: 'FR', currency: 'EUR', language: 'fr', phone: '+33 1 99 00 ## ##', taxId: 'FR###########' },
];

const SEED = 20_261_121;
const MANAGERS = ['Maria Keller', 'James Whitfield', 'Aisha Rahman', 'Luc Moreau', 'Priya Nair', 'Tom Becker'];
const COMPANY_SHARE = 0.7;

/** The customer of this number: the same at each call, and believable at a glance. */
export function demoCustomer(index: number): CreateCustomerRequest {
  const land = LANDS[index % LANDS.length] ?? GERMANY;
  const { faker, currency, language } = land;
  faker.seed(SEED + index);
  const isCompany = faker.number.float() < COMPANY_SHARE;
  const name = isCompany ? faker.company.name() : faker.person.fullName();
  return {
    customer_name: name,
    customer_type: isCompany ? 'company' : 'individual',
    status: faker.helpers.weightedArrayElement([
      { value: 'active', weight: 88 },
      { value: 'inactive', weight: 7 },
      { value: 'suspended', weight: 5 },
    ]),
    email: isCompany ? `office@${slug(name)}.example` : `${slug(name).replaceAll('-', '.')}@mail.example`,
    phone: faker.helpers.replaceSymbols(land.phone),
    address: addressOf(land, isCompany),
    tax_id: isCompany ? faker.helpers.replaceSymbols(land.taxId) : null,
    currency,
    language,
    account_manager: isCompany ? faker.helpers.arrayElement(MANAGERS) : null,
  };
}

function addressOf({ faker, country }: Land, isCompany: boolean): CreateCustomerRequest['address'] {
  const hasState = country === 'AU' || country === 'US';
  const flat = faker.helpers.maybe(() => faker.location.secondaryAddress(), { probability: 0.2 }) ?? null;
  return {
    line1: faker.location.streetAddress(),
    line2: isCompany ? null : flat,
    city: faker.location.city(),
    state: hasState ? faker.location.state({ abbreviated: true }) : null,
    postcode: faker.location.zipCode(),
    country,
  };
}

/** What of a name may stand in a host name or before an @. */
function slug(name: string): string {
  const plain = name.replaceAll('ß', 'ss').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replace(/^-+|-+$/g, '');
}
