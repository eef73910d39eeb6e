// Plays the four use cases of API keys, and the rotation of one, against a running server: over HTTP alone, step by step.
// It removes what it made. `node docs/how-to/examples/api-key-use-cases.mjs --help`
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const HELP = `Usage: node docs/how-to/examples/api-key-use-cases.mjs [options]

  --url <url>          where the server listens (default http://127.0.0.1:3000)
  --email <e-mail>     an administrator (default admin@example.com)
  --password <text>    the password; without it, the first line of standard input
  --grace <seconds>    how long the old value of the rotated key works on (default 10)
  --help               this text`;

const DAY = 24 * 60 * 60 * 1_000;

/** Something cannot be done at all: a sentence for whoever started this. */
class CannotRun extends Error {}
/** The server answered something else than it promises. */
class Deviation extends Error {}

const options = await readOptions();
const made = { keys: [], values: [], customers: [] };
let token;

async function readOptions() {
  const { values } = parsed();
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const grace = Number(values.grace);
  if (!Number.isInteger(grace) || grace < 1) misused('--grace takes a whole number of seconds');
  if (!/^https?:/.test(values.url) || !URL.canParse(values.url)) misused(`--url takes http://… or https://…`);
  const password = values.password ?? (await text(process.stdin)).split(/\r?\n/, 1)[0];
  return { url: values.url.replace(/\/+$/, ''), email: values.email, password, grace };
}

function parsed() {
  try {
    return parseArgs({
      options: {
        url: { type: 'string', default: 'http://127.0.0.1:3000' },
        email: { type: 'string', default: 'admin@example.com' },
        password: { type: 'string' },
        grace: { type: 'string', default: '10' },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return misused(error.message);
  }
}

function misused(sentence) {
  console.error(`${sentence}\n\n${HELP}`);
  process.exit(2);
}

/** One request. `by` = the headers that say who asks. */
async function ask(method, path, { by = {}, body } = {}) {
  const headers = { ...by, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const sent = { method, headers, body: body && JSON.stringify(body), signal: AbortSignal.timeout(30_000) };
  const answer = await fetch(options.url + path, sent).catch((error) => {
    throw new CannotRun(
      `No server answers at ${options.url}: ${error.cause?.code || error.cause?.message || error.message}.`,
    );
  });
  const content = await answer.text();
  return { what: `${method} ${path}`, status: answer.status, headers: answer.headers, body: parse(content) };
}

function parse(content) {
  try {
    return JSON.parse(content);
  } catch {
    return null;
  }
}

/** Says that a step went as promised, or stops. */
function step(sentence, isAsPromised, expected, seen) {
  if (!isAsPromised) throw new Deviation(`${sentence}\n    expected: ${expected}\n    seen: ${JSON.stringify(seen)}`);
  console.log(`  ✓ ${sentence}`);
}

function answered(sentence, answer, status) {
  const { code, detail } = answer.body ?? {};
  const seen = { request: answer.what, status: answer.status, ...(code ? { code, detail } : {}) };
  step(`${sentence}: ${status}`, answer.status === status, `status ${status}`, seen);
  return answer.body;
}

/** The answer that every use case is about: known, but not allowed to, and told what is missing. */
function refused(sentence, answer, permission) {
  const missing = answer.body?.missing_permissions ?? [];
  const isSo = answer.status === 403 && missing.includes(permission);
  const seen = { request: answer.what, status: answer.status, missing_permissions: missing };
  step(`${sentence}: 403, ${permission} is missing`, isSo, `status 403 that names ${permission}`, seen);
}

function same(sentence, seen, expected) {
  const [one, other] = [seen, expected].map((value) => JSON.stringify(value));
  step(sentence, one === other, other, seen);
}

const admin = () => ({ authorization: `Bearer ${token}` });
const manage = (method, path, body) => ask(method, `/crm/api-keys${path}`, { by: admin(), body });

async function logIn() {
  const { email, password } = options;
  const { status, body } = await ask('POST', '/crm/auth/login', { body: { email, password } });
  if (status === 401) throw new CannotRun(`The server refuses this e-mail and password (${email}).`);
  if (body?.two_factor_required)
    throw new CannotRun(`${email} has two-factor authentication: take an account without.`);
  if (status !== 200 || !body?.token)
    throw new CannotRun(`The login is answered ${status}: ${body?.detail ?? 'no JSON'}`);
  token = body.token;
  console.log(`  ✓ an administrator logs in: 200`);
}

async function addCustomer(customer_name) {
  const body = answered(
    `a customer to look at, "${customer_name}"`,
    await ask('POST', '/crm/customers', { by: admin(), body: { customer_name } }),
    201,
  );
  made.customers.push(body.customer_id);
  return body.customer_id;
}

/** A key as the preset proposes it: its permissions, its lifetime, and the customers it acts for. */
async function keyFrom(presets, presetName, { name, description, customer_ids = [] }) {
  const preset = presets.find((one) => one.name === presetName);
  step(
    `there is a preset "${presetName}"`,
    preset !== undefined,
    presetName,
    presets.map((one) => one.name),
  );
  same('it says whether customers have to be named', preset.needs_customers, customer_ids.length > 0);
  const { permissions, lifetime_days: days } = preset;
  const expiry_date = days === null ? null : new Date(Date.now() + days * DAY).toISOString();
  const wanted = { name, description, permissions, expiry_date, customer_ids };
  const key = answered(`"${name}" is created from it`, await manage('POST', '', wanted), 201);
  made.keys.push(key.api_key_id);
  made.values.push(key.api_key);
  const life = days === null ? 'it never expires' : `it expires in ${days} days`;
  same(`${life}, and is active`, [key.expiry_date, key.status], [expiry_date, 'active']);
  const by = { 'x-api-key': key.api_key };
  const whoami = answered('it tells who it is', await ask('GET', '/crm/auth/whoami', { by }), 200);
  same(`it may do just this: ${permissions.join(', ')}`, whoami.permissions.toSorted(), permissions.toSorted());
  const self = answered('it looks at itself', await ask('GET', '/crm/api-keys/self', { by }), 200);
  const isMasked = /^\w*\.{3}\w{4}$/.test(self.api_key) && key.api_key.endsWith(self.api_key.slice(-4));
  step('and is shown masked, as everywhere from now on', isMasked, 'the prefix and the last four', self.api_key);
  refused(
    'it may not make keys',
    await ask('POST', '/crm/api-keys', { by, body: { name: 'x', permissions } }),
    'manage_api_keys',
  );
  return { id: key.api_key_id, value: key.api_key, by };
}

async function provisioning(presets) {
  const said = { name: 'Ansible Provisioning Server', description: 'Used by provisioning automation' };
  const { by } = await keyFrom(presets, 'Provisioning server', said);
  refused('it may not read customers', await ask('GET', '/crm/customers', { by }), 'view_customer');
}

async function billing(presets, { own, foreign }) {
  const key = await keyFrom(presets, 'Billing export', { name: 'Billing Sync - QuickBooks' });
  const { by, value } = key;
  for (const id of [own, foreign])
    answered(`it reads customer ${id}`, await ask('GET', `/crm/customers/${id}`, { by }), 200);
  const bearer = { authorization: `Bearer ${value}` };
  answered('through the other header as well', await ask('GET', '/crm/customers?limit=1', { by: bearer }), 200);
  const both = await ask('GET', '/crm/customers', { by: { ...by, ...bearer } });
  answered('but not through both at once', both, 400);
  const create = await ask('POST', '/crm/customers', { by, body: { customer_name: 'x' } });
  refused('it may not create customers', create, 'create_customer');
  const edit = await ask('PATCH', `/crm/customers/${own}`, { by, body: { customer_name: 'x' } });
  refused('nor edit them', edit, 'update_customer');
  refused('nor delete them', await ask('DELETE', `/crm/customers/${own}`, { by }), 'delete_customer');
  return key;
}

async function monitoring(presets) {
  const { by } = await keyFrom(presets, 'Monitoring', { name: 'Monitoring - Grafana' });
  refused('it may not read customers', await ask('GET', '/crm/customers', { by }), 'view_customer');
}

async function portal(presets, { own, foreign }) {
  const said = { name: 'Customer Portal Backend', customer_ids: [own] };
  const { by } = await keyFrom(presets, 'Customer portal', said);
  const list = answered('it lists customers', await ask('GET', '/crm/customers?limit=100', { by }), 200);
  same(
    'and sees its own alone',
    list.data.map((customer) => customer.customer_id),
    [own],
  );
  answered('it reads its own', await ask('GET', `/crm/customers/${own}`, { by }), 200);
  answered('any other is not there', await ask('GET', `/crm/customers/${foreign}`, { by }), 404);
  const create = await ask('POST', '/crm/customers', { by, body: { customer_name: 'x' } });
  refused('it may not create customers', create, 'create_customer');
}

/** The page's four steps, without an outage: two programs use one key, and change over one after the other. */
async function rotation(key) {
  const programs = [key.value, key.value];
  const work = async (sentence) => {
    const answers = [];
    for (const value of programs)
      answers.push(await ask('GET', '/crm/customers?limit=1', { by: { 'x-api-key': value } }));
    for (const answer of answers) answered(sentence, answer, 200);
    return answers;
  };
  let seen = 0;
  /** How often the old value was used since the last look. */
  const look = async () => {
    const report = answered('the report', await manage('GET', `/${key.id}/rotation`), 200);
    const total = report.old_value_uses.reduce((sum, { requests }) => sum + requests, 0);
    const since = total - seen;
    seen = total;
    return since;
  };

  console.log(`  1. A new value with the same permissions; the old one works on for ${options.grace} s.`);
  const agreed = { grace_period_seconds: options.grace };
  const fresh = answered('regenerated', await manage('POST', `/${key.id}/regenerate`, agreed), 200);
  made.values.push(fresh.api_key);
  const until = Date.parse(fresh.previous_valid_until);
  step('the answer says until when', Number.isFinite(until), 'previous_valid_until', fresh.previous_valid_until);
  const [old] = await work('both programs work on with the old value');
  same('and are told that it is being replaced', old.headers.get('x-api-key-replaced'), fresh.previous_valid_until);
  same('uses of the old value: 2', await look(), 2);

  console.log('  2. The programs get the new value, one after the other.');
  programs[0] = fresh.api_key;
  await work('both work, one with each value');
  same('uses of the old value since the last look: 1', await look(), 1);
  programs[1] = fresh.api_key;

  console.log('  3. Nobody uses the old value any more.');
  await work('both work with the new value');
  same('uses of the old value since the last look: 0', await look(), 0);

  console.log('  4. The old value ends with its grace.');
  await pause(Math.max(0, until - Date.now()));
  answered('the old value is refused', await refusedAtLast(key), 401);
  await work('both work on with the new value');
  answered('nothing is being rotated any more', await manage('GET', `/${key.id}/rotation`), 404);
}

/** This machine's clock may run ahead of the server's: a few tries more are fair. */
async function refusedAtLast({ by }) {
  for (let left = 20; ; left -= 1) {
    const answer = await ask('GET', '/crm/customers?limit=1', { by });
    if (answer.status !== 200 || left === 0) return answer;
    await pause(500);
  }
}

/** Goes on when one of them fails, so that as little as possible stays. */
async function cleanUp() {
  for (const id of made.keys)
    await manage('DELETE', `/${id}`)
      .then(gone(`key ${id} is revoked`))
      .catch(tell);
  for (const value of made.values) {
    const answer = ask('GET', '/crm/customers', { by: { 'x-api-key': value } });
    await answer.then((one) => answered('its value is refused', one, 401)).catch(tell);
  }
  for (const id of made.customers) {
    const removed = ask('DELETE', `/crm/customers/${id}`, { by: admin() });
    await removed.then(gone(`customer ${id} is removed`)).catch(tell);
  }
}

function gone(sentence) {
  return (answer) => answered(sentence, answer, 204);
}

async function play() {
  console.log('Before');
  await logIn();
  const customers = { own: await addCustomer('Portal customer'), foreign: await addCustomer('Somebody else') };
  const { data } = answered('the presets', await manage('GET', '/presets'), 200);
  console.log('Use case 1: a provisioning system');
  await provisioning(data);
  console.log('Use case 2: a billing export');
  const key = await billing(data, customers);
  console.log('Use case 3: monitoring');
  await monitoring(data);
  console.log('Use case 4: a customer portal');
  await portal(data, customers);
  console.log('Key rotation');
  await rotation(key);
}

function tell(error) {
  const isTold = error instanceof CannotRun || error instanceof Deviation;
  console.error(error instanceof Deviation ? `  ✗ ${error.message}` : isTold ? error.message : error);
  process.exitCode = 1;
}

await play().catch(tell);
if (token) {
  console.log('Afterwards');
  await cleanUp();
}
if (!process.exitCode) console.log('all steps passed');
