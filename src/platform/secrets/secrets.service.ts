import { join } from 'node:path';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Digest, Pepper, type PepperMark, type Sealed } from './pepper.js';
import { readIfThere } from './private-file.js';
import { SigningKeys } from './signing-keys.js';

export interface SecretLocation {
  readonly dataDir: string;
  readonly secretPepper: string | null;
  readonly jwtKeysFile: string | null;
}

/** How soon a running server takes over what was changed in the files of its secrets. */
export const REFRESH_MS = 2_000;

export function jwtKeysFile(location: SecretLocation): string {
  return location.jwtKeysFile ?? join(location.dataDir, 'jwt-keys.json');
}

function pepperFile(location: SecretLocation): string {
  return join(location.dataDir, 'pepper');
}

/** Everything that is made under a secret of this server, and nothing that hands one out. */
@Injectable()
export class Secrets implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Secrets.name);
  private readonly listeners: (() => void | Promise<void>)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private told = '';

  constructor(
    private pepper: Pepper,
    readonly signingKeys: SigningKeys,
    private readonly location: SecretLocation,
  ) {}

  /** `used` = the versions of the pepper under which something was made already. */
  static load(location: SecretLocation, now: number, used: readonly number[] = []): Secrets {
    const pepper = Pepper.load(location.secretPepper, pepperFile(location), used);
    return new Secrets(pepper, SigningKeys.load(jwtKeysFile(location), now), location);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.refresh(), REFRESH_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Where the pepper comes from, for the operator. */
  get pepperSource(): string {
    return this.location.secretPepper === null ? pepperFile(this.location) : 'CRM_SECRET_PEPPER';
  }

  get pepperVersion(): number {
    return this.pepper.currentVersion;
  }

  /** The current one first. */
  get pepperVersions(): number[] {
    return this.pepper.versions;
  }

  pepperMarks(): PepperMark[] {
    return this.pepper.marks();
  }

  /** What the file holds now, when that is not what is in force; null too where the environment gives the pepper. */
  changedPepper(): Pepper | null {
    if (this.location.secretPepper !== null) return null;
    const found = Pepper.parse(readIfThere(this.pepperSource) ?? '', this.pepperSource);
    return JSON.stringify(found.marks()) === JSON.stringify(this.pepper.marks()) ? null : found;
  }

  /** Called after another pepper was taken over, in order of registration. */
  onPepperChange(listener: () => void | Promise<void>): void {
    this.listeners.push(listener);
  }

  async takeOver(pepper: Pepper): Promise<void> {
    this.pepper = pepper;
    for (const listener of this.listeners) await listener();
  }

  /** Whether digests made under this version of the pepper can still be recognised. */
  hasPepper(version: number): boolean {
    return this.pepper.has(version);
  }

  digest(value: string): Digest {
    return this.pepper.digest(value);
  }

  digests(value: string): Digest[] {
    return this.pepper.digests(value);
  }

  mac(purpose: string, data: string): string {
    return this.pepper.mac(purpose, data);
  }

  isMac(purpose: string, data: string, mac: string, length?: number): boolean {
    return this.pepper.isMac(purpose, data, mac, length);
  }

  seal(purpose: string, about: string, text: string): Sealed {
    return this.pepper.seal(purpose, about, text);
  }

  open(purpose: string, about: string, sealed: Sealed): string {
    return this.pepper.open(purpose, about, sealed);
  }

  private refresh(): void {
    try {
      this.signingKeys.refresh();
      this.told = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Once: it would be said every two seconds until somebody mends it.
      if (reason !== this.told) this.logger.warn(`keeping the signing keys in use: ${reason}`);
      this.told = reason;
    }
  }
}
