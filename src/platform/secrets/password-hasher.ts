import { availableParallelism } from 'node:os';
import { Injectable } from '@nestjs/common';
import { argon2id, hash, needsRehash, verify } from 'argon2';

/** OWASP password storage: argon2id, m = 19456 KiB, t = 2, p = 1. */
const PARAMETERS = { type: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Hashes run on libuv's four threads; more at once would starve files and DNS. */
const AT_ONCE = Math.max(1, Math.min(2, availableParallelism()));

@Injectable()
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy: Promise<string> | undefined;

  hash(password: string): Promise<string> {
    return this.limited(() => hash(password, PARAMETERS));
  }

  /** A missing digest costs the same hash, so that time does not tell which accounts exist. */
  async verify(digest: string | null, password: string): Promise<boolean> {
    this.dummy ??= hash('nobody has this password', PARAMETERS);
    const compared = digest ?? (await this.dummy);
    const isRight = await this.limited(() => verify(compared, password));
    return isRight && digest !== null;
  }

  isOutdated(digest: string): boolean {
    return needsRehash(digest, PARAMETERS);
  }

  private async limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // The slot is handed over, not freed and taken again: nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
