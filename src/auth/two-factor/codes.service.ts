import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { plainBackupCode, randomBackupCode } from '../../platform/secrets/backup-codes.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import { freshSecret, matchingStep } from './totp.js';
import type { TwoFactorSecret } from './two-factor.entity.js';
import { TwoFactorRepository } from './two-factor.repository.js';

/** What a code was accepted as. */
export type SecondFactor = 'totp' | 'backup_code';

const BACKUP_CODES = 10;
const SECRET = 'two-factor-secret';
const BACKUP = 'backup-code';
const BATCH = 100;

/** Keeps what codes are proved by, and accepts each code once. Its methods belong into the caller's transaction. */
@Injectable()
export class CodesService implements OnApplicationBootstrap {
  private readonly logger = new Logger(CodesService.name);

  constructor(
    private readonly database: Database,
    private readonly rows: TwoFactorRepository,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {
    secrets.onPepperChange(() => this.moveToCurrentPepper());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.moveToCurrentPepper();
  }

  /** A new secret, which counts once a code of it was seen. */
  async begin(userId: number): Promise<string> {
    const secret = freshSecret();
    await this.rows.replace(userId, this.secrets.seal(SECRET, about(userId), secret), this.clock.instant());
    return secret;
  }

  async hasBegun(userId: number): Promise<boolean> {
    return (await this.rows.findForUpdate(userId)) !== null;
  }

  /** What the code is, now that it is spent; null for a wrong one and for one that was spent before. */
  async accept(userId: number, code: string): Promise<SecondFactor | null> {
    if (await this.acceptTotp(userId, code)) return 'totp';
    return (await this.acceptBackupCode(userId, code)) ? 'backup_code' : null;
  }

  /** At enrolment only the authenticator's own code proves that it has the secret. */
  async acceptTotp(userId: number, code: string): Promise<boolean> {
    const stored = await this.rows.findForUpdate(userId);
    const secret = stored && this.open(stored);
    const step = secret === null ? null : matchingStep(secret, code, this.clock.millis());
    return step !== null && this.rows.spend(userId, step);
  }

  /** New ones, for the user's eyes only; all earlier ones are worth nothing from here on. */
  async renewBackupCodes(userId: number): Promise<string[]> {
    const codes = [...new Set(Array.from({ length: BACKUP_CODES }, randomBackupCode))];
    const digests = codes.map((code) => this.secrets.mac(BACKUP, dataOf(userId, plainBackupCode(code) ?? '')));
    await this.rows.setBackupCodes(userId, digests);
    return codes;
  }

  async remove(userId: number): Promise<void> {
    await this.rows.remove(userId);
  }

  /** Every one is compared, whichever it is. */
  private async acceptBackupCode(userId: number, code: string): Promise<boolean> {
    const plain = plainBackupCode(code);
    if (plain === null) return false;
    const data = dataOf(userId, plain);
    const [digest] = (await this.rows.digests(userId)).filter((known) => this.secrets.isMac(BACKUP, data, known));
    return digest !== undefined && this.rows.spendBackupCode(userId, digest);
  }

  /** Null when it cannot be opened: then no code is right, and only a backup code or a reset helps. */
  private open(stored: TwoFactorSecret): string | null {
    try {
      return this.secrets.open(SECRET, about(stored.userId), stored);
    } catch (error) {
      this.logger.error(`the two-factor secret of user ${stored.userId} cannot be opened: ${String(error)}`);
      return null;
    }
  }

  /** Unlike a digest, a sealed secret need not wait for its owner: it is opened and sealed anew, so an old pepper can go. */
  private async moveToCurrentPepper(): Promise<void> {
    for (let after = 0; ;) {
      const batch = await this.rows.listSealedUnderOthers(this.secrets.pepperVersion, after, BATCH);
      const last = batch.at(-1);
      if (!last) return;
      await this.database.transaction(async () => {
        for (const stored of batch) await this.move(stored);
      });
      after = last.userId;
    }
  }

  private async move(stored: TwoFactorSecret): Promise<void> {
    const secret = this.open(stored);
    if (secret !== null) await this.rows.reseal(stored, this.secrets.seal(SECRET, about(stored.userId), secret));
  }
}

function about(userId: number): string {
  return `user/${userId}`;
}

/** A code of one user is no code of another, even if they were equal. */
function dataOf(userId: number, plain: string): string {
  return `${userId}/${plain}`;
}
