import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import type { ApiKey } from '../api-key.entity.js';
import { ApiKeysRepository } from '../api-keys.repository.js';
import { KeyPeppersRepository, type PepperCount } from './key-peppers.repository.js';

/** What would be refused without a version of the pepper. */
export interface PepperUse {
  readonly version: number;
  /** Keys that work. */
  readonly keys: number;
  /** Values that are being replaced and still work. */
  readonly oldValues: number;
  /** Keys that would work again if their expiry were extended. */
  readonly expiredKeys: number;
}

/** Which keys hang on which version of the pepper, and how they come to the current one (K12). */
@Injectable()
export class KeyPeppersService implements OnModuleInit {
  private readonly logger = new Logger(KeyPeppersService.name);
  private isFailing = false;

  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly counts: KeyPeppersRepository,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  /** A pepper that lost a version would refuse every key made under it, as if it had never been: better not to start. */
  async onModuleInit(): Promise<void> {
    const needed = (await this.uses()).filter(({ keys, oldValues }) => keys + oldValues > 0);
    const lost = needed.map(({ version }) => version).filter((version) => !this.secrets.hasPepper(version));
    if (lost.length === 0) return;
    throw new Error(
      `there are API keys made under pepper version ${lost.join(', ')}, which this server does not have: ` +
        'set CRM_SECRET_PEPPER to 2:<new>,1:<old>, or restore the file pepper in the data folder',
    );
  }

  /** By version, the newest first; versions that nothing hangs on are left out. */
  async uses(): Promise<PepperUse[]> {
    const now = this.clock.instant();
    const live = await this.counts.liveKeys(now);
    const all = await this.counts.keysNotRevoked();
    const old = await this.counts.oldValues(now);
    const versions = [...new Set([...all, ...old].map(({ version }) => version))].sort((a, b) => b - a);
    return versions.map((version) => {
      const keys = countOf(live, version);
      return { version, keys, oldValues: countOf(old, version), expiredKeys: countOf(all, version) - keys };
    });
  }

  /**
   * Called when a value was verified: its digest moves to the current version. Nothing about the key itself changes, so
   * nothing is recorded; and whatever goes wrong here is no reason to refuse who has just proved to hold the key.
   */
  async move(key: ApiKey, value: string): Promise<void> {
    const { digest } = key;
    if (digest === null || key.source === 'config' || key.pepperVersion === this.secrets.pepperVersion) return;
    try {
      await this.database.transaction(() => this.keys.moveDigest(digest, this.secrets.digest(value)));
      this.isFailing = false;
    } catch (error) {
      // Once: it would be said at each request for as long as the database cannot be written.
      if (!this.isFailing) this.logger.warn(`cannot move a key to the current pepper; trying again: ${String(error)}`);
      this.isFailing = true;
    }
  }
}

function countOf(counts: readonly PepperCount[], version: number): number {
  return counts.find((row) => row.version === version)?.count ?? 0;
}
