import { join } from 'node:path';
import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type Digest, Pepper } from './pepper.js';
import { SigningKeys } from './signing-keys.js';

export interface SecretLocation {
  readonly dataDir: string;
  readonly secretPepper: string | null;
  readonly jwtKeysFile: string | null;
}

const REFRESH_MS = 2_000;

export function jwtKeysFile(location: SecretLocation): string {
  return location.jwtKeysFile ?? join(location.dataDir, 'jwt-keys.json');
}

/** Everything that is made under a secret of this server, and nothing that hands one out. */
@Injectable()
export class Secrets implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Secrets.name);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly pepper: Pepper,
    readonly signingKeys: SigningKeys,
  ) {}

  static load(location: SecretLocation, now: number): Secrets {
    const pepper = Pepper.load(location.secretPepper, join(location.dataDir, 'pepper'));
    return new Secrets(pepper, SigningKeys.load(jwtKeysFile(location), now));
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.refresh(), REFRESH_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
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

  private refresh(): void {
    try {
      this.signingKeys.refresh();
    } catch (error) {
      this.logger.warn(`keeping the signing keys in use: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
