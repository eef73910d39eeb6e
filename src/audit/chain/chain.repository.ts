import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual, MoreThan, Not } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { Rows, type Statement } from '../../platform/database/rows.js';
import { AuditLog } from '../audit-log.entity.js';
import { ChainMark } from './chain-mark.entity.js';

/** An entry's place in the chain. */
export type Sealed = { readonly [Name in 'auditId' | 'sealedSeq' | 'hash']: NonNullable<AuditLog[Name]> };

export const SEALED_AT_ONCE = 100;

@Injectable()
export class ChainRepository {
  private waiting: Statement<AuditLog> | undefined;

  constructor(
    private readonly database: Database,
    private readonly rows: Rows,
  ) {}

  /** When it was written; null where everything is sealed. It is found as those of `unsealed()` are. */
  async oldestUnsealed(): Promise<Instant | null> {
    const [entry] = await this.database
      .repository(AuditLog)
      .find({ select: { at: true }, where: { sealedSeq: IsNull() }, take: 1 });
    return entry?.at ?? null;
  }

  hasSealed(): Promise<boolean> {
    return this.database.repository(AuditLog).existsBy({ sealedSeq: Not(IsNull()) });
  }

  /**
   * As many as are sealed at once, the oldest first: so the index of `sealedSeq` holds them. Asked for that order, MariaDB
   * would look through the whole log from its beginning for them.
   */
  unsealed(): Promise<AuditLog[]> {
    this.waiting ??= this.rows.compile(AuditLog, 'auditId', (rows) => {
      rows.where('row.sealedSeq IS NULL').limit(SEALED_AT_ONCE);
    });
    return this.rows.read(this.waiting, {});
  }

  /** All in one statement. Each row looks its place up in the whole list, so the list is short. */
  async seal(entries: readonly Sealed[]): Promise<void> {
    const seqs = entries.flatMap(({ auditId, sealedSeq }) => [auditId, sealedSeq]);
    const hashes = entries.flatMap(({ auditId, hash }) => [auditId, hash]);
    const ids = entries.map(({ auditId }) => auditId);
    const whens = 'WHEN ? THEN ? '.repeat(entries.length);
    const set = `sealed_seq = CASE audit_id ${whens}END, hash = CASE audit_id ${whens}END`;
    const where = `audit_id IN (${ids.map(() => '?').join(', ')})`;
    await this.database.manager.query(`UPDATE audit_logs SET ${set} WHERE ${where}`, [...seqs, ...hashes, ...ids]);
  }

  after(seq: number, limit: number): Promise<AuditLog[]> {
    return this.database
      .repository(AuditLog)
      .find({ where: { sealedSeq: MoreThan(seq) }, order: { sealedSeq: 'ASC' }, take: limit });
  }

  at(sealedSeq: number): Promise<AuditLog | null> {
    return this.database.repository(AuditLog).findOneBy({ sealedSeq });
  }

  mark(name: ChainMark['name']): Promise<ChainMark | null> {
    return this.database.repository(ChainMark).findOneBy({ name });
  }

  /** Who holds this lock is the sealer; writers of entries never ask for it. */
  lockMark(name: ChainMark['name']): Promise<ChainMark | null> {
    const lock = this.database.writeLock;
    return this.database.repository(ChainMark).findOne({ where: { name }, ...(lock ? { lock } : {}) });
  }

  async setMark(mark: ChainMark): Promise<void> {
    await this.database.repository(ChainMark).upsert(mark, ['name']);
  }

  /** The entries at the beginning that are all older than `moment`: up to the first younger one, at most `limit`. */
  async oldest(from: number, moment: Instant, limit: number): Promise<AuditLog[]> {
    const entries = await this.after(from, limit);
    const young = entries.findIndex((entry) => entry.at >= moment);
    return young === -1 ? entries : entries.slice(0, young);
  }

  async removeUpTo(seq: number): Promise<number> {
    const removed = await this.database.repository(AuditLog).delete({ sealedSeq: LessThanOrEqual(seq) });
    return removed.affected ?? 0;
  }
}
