import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, Not } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import type { Sealed } from '../../platform/secrets/pepper.js';
import { BackupCode, TwoFactorSecret } from './two-factor.entity.js';

@Injectable()
export class TwoFactorRepository {
  constructor(private readonly database: Database) {}

  /** Locked until the transaction ends: of fifty uses of one code at once the first is through before the next looks. */
  findForUpdate(userId: number): Promise<TwoFactorSecret | null> {
    const lock = this.database.writeLock;
    return this.database.repository(TwoFactorSecret).findOne({ where: { userId }, ...(lock ? { lock } : {}) });
  }

  /** A secret that nobody has proved takes the place of one that nobody has proved. */
  async replace(userId: number, sealed: Sealed, created: Instant): Promise<void> {
    await this.database.repository(TwoFactorSecret).upsert({ userId, ...sealed, lastStep: null, created }, ['userId']);
  }

  /** False when this step, or a later one, is spent already. */
  async spend(userId: number, lastStep: number): Promise<boolean> {
    const secrets = this.database.repository(TwoFactorSecret);
    const unspent = [
      { userId, lastStep: IsNull() },
      { userId, lastStep: LessThan(lastStep) },
    ];
    for (const condition of unspent) {
      if ((await secrets.update(condition, { lastStep })).affected === 1) return true;
    }
    return false;
  }

  /** A few at a time; those that were moved are not found again. */
  listSealedUnderOthers(pepperVersion: number, after: number, limit: number): Promise<TwoFactorSecret[]> {
    return this.database
      .repository(TwoFactorSecret)
      .createQueryBuilder('row')
      .where({ pepperVersion: Not(pepperVersion) })
      .andWhere('row.userId > :after', { after })
      .orderBy('row.userId')
      .take(limit)
      .getMany();
  }

  /** Only what was read is replaced: a secret that was made meanwhile is under the current pepper anyway. */
  async reseal({ userId, ciphertext }: TwoFactorSecret, sealed: Sealed): Promise<void> {
    await this.database.repository(TwoFactorSecret).update({ userId, ciphertext }, { ...sealed });
  }

  async digests(userId: number): Promise<string[]> {
    const rows = await this.database.repository(BackupCode).find({ where: { userId }, order: { backupCodeId: 'ASC' } });
    return rows.map(({ digest }) => digest);
  }

  async setBackupCodes(userId: number, digests: readonly string[]): Promise<void> {
    const codes = this.database.repository(BackupCode);
    await codes.delete({ userId });
    await codes.insert(digests.map((digest) => ({ userId, digest })));
  }

  /** False when somebody else has used it meanwhile. */
  async spendBackupCode(userId: number, digest: string): Promise<boolean> {
    return (await this.database.repository(BackupCode).delete({ userId, digest })).affected === 1;
  }

  async remove(userId: number): Promise<void> {
    await this.database.repository(BackupCode).delete({ userId });
    await this.database.repository(TwoFactorSecret).delete({ userId });
  }
}
