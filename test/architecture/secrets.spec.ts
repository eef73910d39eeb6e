import '../../src/app.module.js';
import { secretNames } from '../../src/common/secret.decorator.js';
import { hasValidChecksum } from '../../src/platform/secrets/key-format.js';
import { files, read } from './files.js';

describe('what is secret', () => {
  it('is this list: a change of it is the change under review', () => {
    expect(secretNames()).toEqual([
      'api_key',
      'backup_codes',
      'challenge_token',
      'current_password',
      'new_password',
      'otpauth_url',
      'password',
      'qr_svg',
      'refresh_token',
      'secret',
      'token',
      'tokens',
    ]);
  });
});

describe('no committed file', () => {
  const found = (pattern: RegExp, isMeant: (match: string, path: string) => boolean = () => true): string[] =>
    files().flatMap((path) =>
      [...read(path).matchAll(pattern)]
        .filter(([match]) => isMeant(match, path))
        .map(([match]) => `${path}: ${match.slice(0, 60)}`),
    );

  it('holds an API key that could be alive', () => {
    expect(found(/[a-z][a-z0-9_]{1,14}_[0-9A-Za-z]{49}(?![0-9A-Za-z])/g, (key) => hasValidChecksum(key))).toEqual([]);
    expect(found(new RegExp(`sk_${'live'}_[0-9A-Za-z]{20,}`, 'g'))).toEqual([]);
  });

  it('holds a private key or a signed token', () => {
    expect(found(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{100}/g)).toEqual([]);
    expect(found(/eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}/g)).toEqual([]);
  });

  it('names a place on somebody’s machine', () => {
    const home = new RegExp(
      ['home', 'Users', 'root', 'work', 'tmp'].map((name) => `(?<![\\w.:$}/-])/${name}/\\w+`).join('|'),
      'g',
    );
    const isMeant = (_: string, path: string): boolean => !path.startsWith('test/architecture/');
    expect(found(home, isMeant)).toEqual([]);
  });

  it('names the registry that a package came from', () => {
    expect(found(/"resolved": "[^"]+"/g, (_, path) => path === 'package-lock.json')).toEqual([]);
    expect(found(/^(?:@\w+:)?registry\s*=.*/gm, (_, path) => path.endsWith('.npmrc'))).toEqual([]);
  });
});
