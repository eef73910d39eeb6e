import type { Request } from '../machine/wrk.ts';
import { type Stage, SMALL } from '../systems/stage.ts';
import { Credentials } from './credentials.ts';
import { millionScenarios } from './million.ts';
import type { Target } from './run.ts';
import type { Goal, Scenario } from './scenario.ts';

const LIST = '/crm/customers?limit=25';
const NEW_CUSTOMER = JSON.stringify({
  customer_name: 'Benchmark {n} Networks Ltd',
  email: 'office{n}@benchmark-networks.example',
  phone: '+44 20 79460 123',
  currency: 'GBP',
  language: 'en-GB',
});
const JSON_BODY = { 'content-type': 'application/json' };

const limit = (request: Request, isRefused = false): Target => ({ system: 'limit', request: () => request, isRefused });
const bareList = limit({ path: LIST });
const bareRefusal = limit({ path: '/refused' }, true);
const least = (figure: number): Goal => ({ figure: 'throughput', least: figure });

/** All of them, in the order in which they are run. */
export function scenarios(stage: Stage): Scenario[] {
  const credentials = new Credentials(stage, 'product');
  return [
    ...lists(credentials),
    ...singles(credentials),
    ...refusals(credentials),
    records(stage, credentials),
    ...millionScenarios(stage),
  ];
}

function lists(by: Credentials): Scenario[] {
  const list = (
    name: string,
    title: string,
    goal: number | null,
    headers: () => Promise<Request['headers']>,
  ): Scenario => ({
    name,
    title,
    goal: goal === null ? null : least(goal),
    subject: { system: 'product', request: async () => ({ path: LIST, headers: (await headers()) ?? {} }) },
    baseline: bareList,
  });
  return [
    list('list-key', 'list 25 by API key', 0.8, () => by.key()),
    list('list-jwt', 'list 25 by JWT', 0.8, () => by.token()),
    list('list-address', 'list 25 from a trusted address', 0.8, () => Promise.resolve({})),
    list('list-own', 'list 25 by own-scoped key', 0.75, () => by.ownKey()),
    {
      name: 'search',
      title: 'search (beside a bare list)',
      goal: null,
      subject: {
        system: 'product',
        request: async () => ({ path: `${LIST}&search=anna%20ber`, headers: await by.key() }),
      },
      baseline: bareList,
    },
  ];
}

function singles(by: Credentials): Scenario[] {
  const one = `/crm/customers/{id:${SMALL}}`;
  const create = { method: 'POST', path: '/crm/customers', body: NEW_CUSTOMER };
  return [
    {
      name: 'read',
      title: 'read one',
      goal: least(0.65),
      subject: { system: 'product', request: async () => ({ path: one, headers: await by.key() }) },
      baseline: limit({ path: one }),
    },
    {
      name: 'create',
      title: 'create, with audit',
      goal: least(0.5),
      subject: {
        system: 'product',
        request: async () => ({ ...create, headers: { ...JSON_BODY, ...(await by.key()) } }),
      },
      baseline: limit({ ...create, headers: JSON_BODY }),
    },
  ];
}

function refusals(by: Credentials): Scenario[] {
  return [
    {
      name: 'wrong-key',
      title: '401 for a wrong key',
      goal: least(0.7),
      subject: {
        system: 'product',
        isRefused: true,
        request: async () => ({ path: LIST, headers: await by.wrongKey() }),
      },
      baseline: bareRefusal,
    },
    {
      name: 'limited',
      title: '429 for a key over its limit',
      goal: null,
      subject: { system: 'product', isRefused: true, request: () => by.usedUp(LIST) },
      baseline: bareRefusal,
    },
  ];
}

/** The product beside itself without what keeps and counts requests: the same data folder, so the same key is known to both. */
function records(stage: Stage, by: Credentials): Scenario {
  const target = (system: 'product' | 'unrecorded'): Target => ({
    system,
    request: async () => {
      await stage.server(system);
      return { path: LIST, headers: await by.key() };
    },
  });
  return {
    name: 'records',
    title: 'access log, last use and metrics ÷ without',
    goal: least(0.92),
    subject: target('product'),
    baseline: target('unrecorded'),
    // The difference is small: both have to be warm through and through.
    isLong: true,
  };
}
