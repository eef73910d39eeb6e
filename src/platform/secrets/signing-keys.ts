import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { statSync } from 'node:fs';
import { DAY, toInstant } from '../../common/clock.js';
import { createPrivate, readIfThere, replacePrivate } from './private-file.js';
import { randomBase62 } from './key-format.js';

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** RFC 7517, the public half only. */
interface PublicJwk {
  readonly kty: string;
  readonly kid: string;
  readonly alg: string;
  readonly use: string;
  readonly n: string;
  readonly e: string;
}

interface StoredKey {
  readonly kid: string;
  readonly created: string;
  readonly private_key: string;
}

/** A retired key verifies for this long: far beyond the life of any token it signed. */
const RETIRED_MS = DAY;
const MODULUS_BITS = 2_048;

/**
 * The RSA keys that sign access tokens (RS256: deterministic, and the cheapest to verify). The first in the file signs,
 * the others only verify, so a rotation logs nobody out. Key objects are parsed once, not at each request.
 */
export class SigningKeys {
  private readonly listeners: (() => void)[] = [];
  private keys: readonly SigningKey[] = [];
  private fingerprint = '';

  constructor(private readonly file: string) {
    this.refresh();
  }

  /** Makes the file at first start. Throws a sentence for the operator when it cannot be used. */
  static load(file: string, now: number): SigningKeys {
    if (readIfThere(file) === null) createPrivate(file, serialise([generate(now)]));
    return new SigningKeys(file);
  }

  get current(): SigningKey {
    const [first] = this.keys;
    if (!first) throw new Error(`${this.file}: there is no key in it`);
    return first;
  }

  /** `kid` comes from a stranger's token: it is compared, never used to name anything. */
  find(kid: string): SigningKey | undefined {
    return this.keys.find((key) => key.kid === kid);
  }

  jwks(): { keys: PublicJwk[] } {
    return {
      keys: this.keys.map(({ kid, publicKey }) => {
        const { kty = '', n = '', e = '' } = publicKey.export({ format: 'jwk' });
        return { kty, kid, alg: 'RS256', use: 'sig', n, e };
      }),
    };
  }

  /** Called after other keys were taken over. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** Takes over what another process rotated; keeps the last good keys when the file is broken. */
  refresh(): void {
    const { mtimeMs, size } = statSync(this.file);
    const fingerprint = `${mtimeMs}/${size}`;
    if (fingerprint === this.fingerprint) return;
    this.keys = parse(readIfThere(this.file) ?? '', this.file);
    this.fingerprint = fingerprint;
    for (const listener of this.listeners) listener();
  }

  /** Puts a new key in front; those retired for longer than a day are dropped. Returns the new `kid`. */
  static rotate(file: string, now: number): string {
    const stored = JSON.parse(readIfThere(file) ?? '[]') as StoredKey[];
    const fresh = generate(now);
    const kept = stored.filter(
      (_, index) => Date.parse(stored[index - 1]?.created ?? toInstant(now)) > now - RETIRED_MS,
    );
    replacePrivate(file, serialise([fresh, ...kept]));
    return fresh.kid;
  }
}

function generate(now: number): StoredKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: MODULUS_BITS });
  return {
    kid: randomBase62(16),
    created: toInstant(now),
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function serialise(keys: readonly StoredKey[]): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

function parse(text: string, file: string): SigningKey[] {
  try {
    const keys = (JSON.parse(text) as StoredKey[]).map((stored) => {
      const privateKey = createPrivateKey(stored.private_key);
      if (privateKey.asymmetricKeyType !== 'rsa') throw new Error(`key ${stored.kid} is not an RSA key`);
      return { kid: stored.kid, privateKey, publicKey: createPublicKey(privateKey) };
    });
    if (keys.length === 0) throw new Error('there is no key in it');
    return keys;
  } catch (error) {
    throw new Error(`${file}: no usable signing keys: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
