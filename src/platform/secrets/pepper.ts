import { createHmac, createSecretKey, hkdfSync, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { createPrivate, readIfThere } from './private-file.js';

export interface Digest {
  /** 64 hexadecimal characters of HMAC-SHA-256. */
  readonly digest: string;
  readonly pepperVersion: number;
}

type Versions = ReadonlyMap<number, Buffer>;

const MINIMUM_LENGTH = 32;

/**
 * The server-side secret under everything we keep only as a digest (K12). Several versions can be alive: new digests
 * are made under the highest, old ones are still recognised, so it can be rotated without reissuing a key.
 */
export class Pepper {
  readonly currentVersion: number;
  /** As key objects: bytes would be made into one again at each digest, which costs more than the digest. */
  private readonly derived = new Map<string, KeyObject>();

  constructor(private readonly versions: Versions) {
    this.currentVersion = Math.max(...versions.keys());
  }

  /**
   * From `CRM_SECRET_PEPPER` (`<secret>` or `2:<secret>,1:<secret>`), else from the file, which is made at first start.
   * Throws a sentence for the operator when neither can be used.
   */
  static load(setting: string | null, file: string): Pepper {
    if (setting !== null) return new Pepper(parse(setting, 'CRM_SECRET_PEPPER'));
    const text = readIfThere(file) ?? createPrivate(file, `1:${randomBytes(32).toString('base64url')}\n`);
    return new Pepper(parse(text, file));
  }

  has(version: number): boolean {
    return this.versions.has(version);
  }

  digest(value: string): Digest {
    const pepperVersion = this.currentVersion;
    return { digest: this.hmac('api-key', pepperVersion).update(value).digest('hex'), pepperVersion };
  }

  /** The value's digest under every version, newest first: what a lookup has to try. */
  digests(value: string): Digest[] {
    return [...this.versions.keys()]
      .sort((a, b) => b - a)
      .map((pepperVersion) => ({
        digest: this.hmac('api-key', pepperVersion).update(value).digest('hex'),
        pepperVersion,
      }));
  }

  /** A tag that only this server can make, under a key of its own for each purpose. */
  mac(purpose: string, data: string, version = this.currentVersion): string {
    return this.hmac(purpose, version).update(data).digest('base64url');
  }

  /** In constant time. `length` = how much of the tag was handed out. */
  isMac(purpose: string, data: string, mac: string, length = 43): boolean {
    return [...this.versions.keys()].some((version) => {
      const expected = Buffer.from(this.mac(purpose, data, version).slice(0, length));
      const presented = Buffer.from(mac);
      return expected.length === presented.length && timingSafeEqual(expected, presented);
    });
  }

  private hmac(purpose: string, version: number): ReturnType<typeof createHmac> {
    return createHmac('sha256', this.keyFor(purpose, version));
  }

  private keyFor(purpose: string, version: number): KeyObject {
    const name = `${purpose}/${version}`;
    let key = this.derived.get(name);
    if (!key) {
      const secret = this.versions.get(version);
      if (!secret) throw new Error(`there is no pepper version ${version}`);
      key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'omnicrm', purpose, 32)));
      this.derived.set(name, key);
    }
    return key;
  }
}

function parse(text: string, source: string): Versions {
  const entries = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter(Boolean);
  const versions = entries.map((entry): [number, Buffer] => {
    const match = /^(\d{1,6}):(.+)$/.exec(entry);
    const [version, secret] = match ? [Number(match[1]), match[2] ?? ''] : [1, entry];
    if (secret.length < MINIMUM_LENGTH) {
      throw new Error(`${source}: the pepper of version ${version} is shorter than ${MINIMUM_LENGTH} characters`);
    }
    return [version, Buffer.from(secret)];
  });
  if (versions.length === 0) throw new Error(`${source}: there is no pepper in it`);
  if (new Set(versions.map(([version]) => version)).size < versions.length) {
    throw new Error(`${source}: two peppers have the same version; write 2:<new>,1:<old>`);
  }
  return new Map(versions);
}
