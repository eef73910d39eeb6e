import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY, HOUR } from '../../common/clock.js';
import { SigningKeys } from './signing-keys.js';

const NOW = Date.parse('2030-03-01T12:00:00.000Z');

describe('SigningKeys', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signing-'));
    file = join(folder, 'jwt-keys.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are made at the first start, for their owner only, and are the same at the next', () => {
    const { kid } = SigningKeys.load(file, NOW).current;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(SigningKeys.load(file, NOW).current.kid).toBe(kid);
  });

  it('publish the public halves and nothing else', () => {
    const { keys } = SigningKeys.load(file, NOW).jwks();
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
  });

  it('verify what they signed before a rotation', () => {
    const keys = SigningKeys.load(file, NOW);
    const { kid, privateKey } = keys.current;
    const signature = sign('sha256', Buffer.from('token'), privateKey);
    const fresh = SigningKeys.rotate(file, NOW);
    keys.refresh();
    expect(keys.current.kid).toBe(fresh);
    const old = keys.find(kid);
    expect(old && verify('sha256', Buffer.from('token'), old.publicKey, signature)).toBe(true);
  });

  it('drop a key a day after another took its place, however old it is itself', () => {
    const first = SigningKeys.load(file, NOW).current.kid;
    const second = SigningKeys.rotate(file, NOW + 90 * DAY);
    const third = SigningKeys.rotate(file, NOW + 90 * DAY + HOUR);
    expect(kidsIn(file)).toEqual([third, second, first]);
    const fourth = SigningKeys.rotate(file, NOW + 91 * DAY);
    expect(kidsIn(file)).toEqual([fourth, third, second]);
  });

  it('find no key by a name that a stranger made up', () => {
    const keys = SigningKeys.load(file, NOW);
    for (const kid of ['', '../../etc/passwd', '__proto__', 'constructor', '0']) expect(keys.find(kid)).toBeUndefined();
  });

  it.each([
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['nothing', () => ''],
    ['no key', () => '[]'],
    ['something else', () => '{}'],
    ['a key of another kind', () => JSON.stringify([{ kid: 'ec', private_key: ellipticCurve() }])],
  ])('stay in use when the file comes to hold %s, and stop the next start', (_what, spoil) => {
    const keys = SigningKeys.load(file, NOW);
    const { kid } = keys.current;
    writeFileSync(file, spoil(readFileSync(file, 'utf8')));
    expect(() => keys.refresh()).toThrow(`${file}: no usable signing keys`);
    expect(keys.current.kid).toBe(kid);
    expect(() => SigningKeys.load(file, NOW)).toThrow(`${file}: no usable signing keys`);
  });
});

function kidsIn(file: string): string[] {
  return (JSON.parse(readFileSync(file, 'utf8')) as { kid: string }[]).map(({ kid }) => kid);
}

function ellipticCurve(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
