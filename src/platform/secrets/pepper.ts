import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { MacKey } from './mac-key.js';
import { createPrivate, readIfThere, replacePrivate } from './private-file.js';

export interface Digest {
  /** 64 hexadecimal characters of HMAC-SHA-256. */
  readonly digest: string;
  readonly pepperVersion: number;
}

/** What can be read again by whoever has the pepper and knows what it is about, and by nobody else. */
export interface Sealed {
  /** Nonce, ciphertext and tag of AES-256-GCM, base64url. */
  readonly ciphertext: string;
  readonly pepperVersion: number;
}

/** What tells one pepper from another and gives neither away: it may be kept in the database. */
export interface PepperMark {
  readonly version: number;
  readonly fingerprint: string;
}

type Secrets = ReadonlyMap<number, Buffer>;

const MINIMUM_LENGTH = 32;
const FIRST_VERSION = 1;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The server-side secret under everything we keep only as a digest (K12). Several versions can be alive: new digests
 * are made under the first one listed, the others are still recognised, so it can be rotated without reissuing a key.
 * The order decides, not the number: a new version can then be made known to all nodes before any of them uses it.
 */
export class Pepper {
  readonly currentVersion: number;
  /** As key objects: bytes would be made into one again at each digest, which costs more than the digest. */
  private readonly derived = new Map<string, KeyObject>();
  private readonly macKeys = new Map<string, MacKey>();

  constructor(private readonly secrets: Secrets) {
    this.currentVersion = this.versions[0] ?? FIRST_VERSION;
  }

  /**
   * From `CRM_SECRET_PEPPER` (`<secret>` or `2:<secret>,1:<secret>`), else from the file, which is made at first start:
   * where nothing was made under a pepper yet. Throws a sentence for the operator when neither can be used.
   */
  static load(setting: string | null, file: string, used: readonly number[] = []): Pepper {
    if (setting !== null) return Pepper.parse(setting, 'CRM_SECRET_PEPPER');
    const text = readIfThere(file);
    if (text === null && used.length > 0) {
      throw new Error(
        `${file} is missing, and there are keys, sessions and audit records made under the pepper that it held ` +
          `(version ${used.join(', ')}): put it back from the backup`,
      );
    }
    return Pepper.parse(text ?? createPrivate(file, line(FIRST_VERSION, freshPepper())), file);
  }

  static parse(text: string, source: string): Pepper {
    return new Pepper(parse(text, source));
  }

  /** Puts a new version at the end of the file: known from now on, and not yet used. */
  static add(file: string, version: number): void {
    const text = `${readIfThere(file) ?? ''}\n${line(version, freshPepper())}`;
    write(file, [...parse(text, file)]);
  }

  /** Puts a version of the file in front: what is made from now on is made under it. */
  static use(file: string, version: number): void {
    const secrets = [...parse(readIfThere(file) ?? '', file)];
    const chosen = secrets.filter(([number]) => number === version);
    if (chosen.length === 0) throw new Error(`${file}: there is no pepper version ${version}`);
    write(file, [...chosen, ...secrets.filter(([number]) => number !== version)]);
  }

  /** The current one first. */
  get versions(): number[] {
    return [...this.secrets.keys()];
  }

  has(version: number): boolean {
    return this.secrets.has(version);
  }

  marks(): PepperMark[] {
    return this.versions.map((version) => ({ version, fingerprint: this.mac('pepper-mark', 'pepper', version) }));
  }

  digest(value: string): Digest {
    const pepperVersion = this.currentVersion;
    return { digest: this.macKey('api-key', pepperVersion).tag(value, 'hex'), pepperVersion };
  }

  /** The value's digest under every version, the current one first: what a lookup has to try. */
  digests(value: string): Digest[] {
    return this.versions.map((pepperVersion) => ({
      digest: this.macKey('api-key', pepperVersion).tag(value, 'hex'),
      pepperVersion,
    }));
  }

  /** A tag that only this server can make, under a key of its own for each purpose. */
  mac(purpose: string, data: string, version = this.currentVersion): string {
    return this.macKey(purpose, version).tag(data, 'base64url');
  }

  /** In constant time. `length` = how much of the tag was handed out. */
  isMac(purpose: string, data: string, mac: string, length = 43): boolean {
    return this.versions.some((version) => {
      const expected = Buffer.from(this.mac(purpose, data, version).slice(0, length));
      const presented = Buffer.from(mac);
      return expected.length === presented.length && timingSafeEqual(expected, presented);
    });
  }

  /** Encrypts at rest. `about` = whose it is: moved to another row, it cannot be opened. */
  seal(purpose: string, about: string, text: string): Sealed {
    const pepperVersion = this.currentVersion;
    const nonce = randomBytes(NONCE_BYTES);
    const options = { authTagLength: TAG_BYTES };
    const cipher = createCipheriv(CIPHER, this.keyFor(purpose, pepperVersion), nonce, options);
    cipher.setAAD(Buffer.from(about));
    const parts = [nonce, cipher.update(text, 'utf8'), cipher.final()];
    return { ciphertext: Buffer.concat([...parts, cipher.getAuthTag()]).toString('base64url'), pepperVersion };
  }

  /** Throws when a bit of it was changed, when it is about something else, or when its pepper is gone. */
  open(purpose: string, about: string, { ciphertext, pepperVersion }: Sealed): string {
    const bytes = Buffer.from(ciphertext, 'base64url');
    const key = this.keyFor(purpose, pepperVersion);
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), options);
    decipher.setAAD(Buffer.from(about));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  }

  private macKey(purpose: string, version: number): MacKey {
    const name = `${purpose}/${version}`;
    let key = this.macKeys.get(name);
    if (!key) this.macKeys.set(name, (key = new MacKey(this.keyFor(purpose, version))));
    return key;
  }

  private keyFor(purpose: string, version: number): KeyObject {
    const name = `${purpose}/${version}`;
    let key = this.derived.get(name);
    if (!key) {
      const secret = this.secrets.get(version);
      if (!secret) throw new Error(`there is no pepper version ${version}`);
      key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, 'omnicrm', purpose, 32)));
      this.derived.set(name, key);
    }
    return key;
  }
}

/** 256 bits of its own. */
export function freshPepper(): string {
  return randomBytes(32).toString('base64url');
}

function line(version: number, secret: string): string {
  return `${version}:${secret}\n`;
}

function write(file: string, secrets: readonly (readonly [number, Buffer])[]): void {
  replacePrivate(file, secrets.map(([version, secret]) => line(version, secret.toString())).join(''));
}

function parse(text: string, source: string): Secrets {
  const entries = text
    .split(/[,\n]/)
    .map((entry) => entry.trim())
    .filter(Boolean);
  const secrets = entries.map((entry): [number, Buffer] => {
    const match = /^(\d{1,6}):(.+)$/.exec(entry);
    const [version, secret] = match ? [Number(match[1]), match[2] ?? ''] : [1, entry];
    if (secret.length < MINIMUM_LENGTH) {
      throw new Error(`${source}: the pepper of version ${version} is shorter than ${MINIMUM_LENGTH} characters`);
    }
    return [version, Buffer.from(secret)];
  });
  if (secrets.length === 0) throw new Error(`${source}: there is no pepper in it`);
  if (new Set(secrets.map(([version]) => version)).size < secrets.length) {
    throw new Error(`${source}: two peppers have the same version; write 2:<new>,1:<old>`);
  }
  return new Map(secrets);
}
