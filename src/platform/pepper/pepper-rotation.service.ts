import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Revisions } from '../database/revisions.js';
import { Pepper } from '../secrets/pepper.js';
import { REFRESH_MS, Secrets } from '../secrets/secrets.service.js';
import { PepperLedger } from './pepper-ledger.js';

/** Takes a changed pepper file over while the server runs, and changes the file for the command line. */
@Injectable()
export class PepperRotationService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(PepperRotationService.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private told = '';

  constructor(
    private readonly database: Database,
    private readonly revisions: Revisions,
    private readonly secrets: Secrets,
    private readonly ledger: PepperLedger,
  ) {
    // What was verified under the pepper before is verified anew: a key moves, or is refused, at its very next use.
    secrets.onPepperChange(() => revisions.stale());
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Takes over what the file holds now; keeps the last good pepper when it is broken, or not this database's. */
  async refresh(): Promise<void> {
    this.running ??= this.takeOver().finally(() => (this.running = null));
    await this.running;
  }

  /** The number that no pepper of this database ever had. */
  async nextVersion(): Promise<number> {
    return Math.max(...this.secrets.pepperVersions, ...(await this.ledger.versions())) + 1;
  }

  /** A version that is known and newer than the one in use: its rotation was begun and not ended. */
  waiting(): number | null {
    const newest = Math.max(...this.secrets.pepperVersions);
    return newest > this.secrets.pepperVersion ? newest : null;
  }

  /** First step: a version that everybody shall know before anybody uses it. One that waits already is taken up again. */
  async begin(): Promise<number> {
    await this.changeFile(async () => {
      if (this.waiting() === null) Pepper.add(this.secrets.pepperSource, await this.nextVersion());
    });
    return Math.max(...this.secrets.pepperVersions);
  }

  /** Second step: from now on it is the one that digests are made under. */
  async end(version: number): Promise<void> {
    await this.changeFile(() => Promise.resolve(Pepper.use(this.secrets.pepperSource, version)));
  }

  /** One process at a time, and on top of what the others wrote; afterwards this one, too, knows what stands there. */
  private async changeFile(change: () => Promise<void>): Promise<void> {
    await this.database.transaction(async () => {
      await this.revisions.claim('api_keys');
      await this.adopt();
      await change();
    });
    await this.adopt();
  }

  private async takeOver(): Promise<void> {
    try {
      if (await this.adopt()) {
        const [current, ...others] = this.secrets.pepperVersions;
        const rest = others.length > 0 ? `; still known: ${others.join(', ')}` : '';
        this.logger.log(`the pepper file was read again: version ${current} is current${rest}`);
      }
      this.told = '';
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Once: it would be said every two seconds until somebody mends it.
      if (reason !== this.told) this.logger.warn(`keeping the pepper in use: ${reason}`);
      this.told = reason;
    }
  }

  private async adopt(): Promise<boolean> {
    const changed = this.secrets.changedPepper();
    if (!changed) return false;
    await this.ledger.admit(changed.marks(), this.secrets.pepperSource);
    await this.secrets.takeOver(changed);
    return true;
  }
}
