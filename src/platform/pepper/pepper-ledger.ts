import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database } from '../database/database.js';
import type { PepperMark } from '../secrets/pepper.js';
import { PepperVersionsRepository } from './pepper-versions.repository.js';

/** Knows which peppers belong to this database, and lets no other one in. */
@Injectable()
export class PepperLedger {
  constructor(
    private readonly database: Database,
    private readonly rows: PepperVersionsRepository,
    private readonly clock: Clock,
  ) {}

  async versions(): Promise<number[]> {
    return (await this.rows.all()).map(({ version }) => version);
  }

  /**
   * Writes down versions that are new here. Throws a sentence for the operator when one of them is not the pepper that
   * this database knows by that number; of several nodes that begin at once with peppers of their own, one is let in.
   */
  async admit(marks: readonly PepperMark[], source: string): Promise<void> {
    const unknown = await this.compare(marks, source);
    if (unknown.length === 0) return;
    await this.database.transaction(() => this.rows.add(unknown, this.clock.instant()));
    await this.compare(marks, source);
  }

  /** The marks that are not known yet. */
  private async compare(marks: readonly PepperMark[], source: string): Promise<PepperMark[]> {
    const known = new Map((await this.rows.all()).map(({ version, fingerprint }) => [version, fingerprint]));
    const foreign = marks.filter(({ version, fingerprint }) => (known.get(version) ?? fingerprint) !== fingerprint);
    if (foreign.length > 0) {
      const numbers = foreign.map(({ version }) => version).join(', ');
      throw new Error(
        `${source}: its pepper of version ${numbers} is not the one under which the keys in this database were made: ` +
          'put that one back (all nodes need the same), and give a new pepper a number of its own',
      );
    }
    return marks.filter(({ version }) => !known.has(version));
  }
}
