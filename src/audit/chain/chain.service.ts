import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Clock, toMillis } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import type { AuditLog } from '../audit-log.entity.js';
import type { ChainMark } from './chain-mark.entity.js';
import { type Checkpoint, ChainBroken, ChainLinks, type ChainPlace, GENESIS } from './chain-links.js';
import { ChainRepository, type Sealed, SEALED_AT_ONCE } from './chain.repository.js';

export interface BrokenEntry {
  readonly auditId: number | null;
  readonly reason: string;
}

export interface ChainCheck {
  readonly checked: number;
  readonly firstBroken: BrokenEntry | null;
}

const SEAL_EVERY_MS = 500;
const BATCH = 500;

/**
 * Seals change records into the chain, within a second of their commit (U5). Whoever holds the head's lock seals; those
 * who write entries never wait for it, so any number of nodes can.
 */
@Injectable()
export class ChainService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(ChainService.name);
  private timer: NodeJS.Timeout | undefined;
  private sealing: Promise<void> | null = null;
  /** Why the chain cannot go on; told once, and by every check. */
  private failure: string | null = null;

  constructor(
    private readonly database: Database,
    private readonly chain: ChainRepository,
    private readonly links: ChainLinks,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.seal(), SEAL_EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.seal();
  }

  /** Resolves when everything committed before the call is sealed, or could not be. */
  async seal(): Promise<void> {
    await this.sealing;
    this.sealing ??= this.sealAll().finally(() => (this.sealing = null));
    await this.sealing;
  }

  /** Whether this node gave up sealing because what is sealed does not fit. */
  get isBroken(): boolean {
    return this.failure !== null;
  }

  /** How old the oldest record is that stands outside the chain yet, in milliseconds. */
  async lag(): Promise<number> {
    const at = await this.chain.oldestUnsealed();
    return at === null ? 0 : Math.max(0, this.clock.millis() - toMillis(at));
  }

  /** The end of the chain, signed, to be kept where nobody who could change this database can change it. */
  async checkpoint(): Promise<Checkpoint> {
    await this.seal();
    return this.links.checkpoint((await this.chain.mark('head')) ?? GENESIS, this.clock.instant());
  }

  /** Walks the whole chain and names the first entry that does not fit. */
  async verify(checkpoint?: Checkpoint): Promise<ChainCheck> {
    await this.seal();
    // The head first: entries sealed while we walk are then beyond what is asked for.
    const head = await this.chain.mark('head');
    const anchor = await this.chain.mark('anchor');
    const damage = this.failure ?? (await this.damageOf(head, anchor));
    if (damage !== null) return broken(0, null, damage);
    const walk = await this.walk(anchor ?? GENESIS, head ?? GENESIS);
    return walk.firstBroken || !checkpoint ? walk : this.compare(walk, checkpoint, anchor ?? GENESIS);
  }

  /** What is wrong with the marks themselves, or null. */
  private async damageOf(head: ChainMark | null, anchor: ChainMark | null): Promise<string | null> {
    if (!head && (anchor || (await this.chain.hasSealed()))) return 'the head of the chain is missing';
    const forged = [head, anchor].find((mark) => mark && !this.links.isGenuineMark(mark));
    return forged ? `the ${forged.name} of the chain was changed` : null;
  }

  private async walk(from: ChainPlace, head: ChainPlace): Promise<ChainCheck> {
    let last: ChainPlace & { auditId: number | null } = { ...from, auditId: null };
    while (last.seq < head.seq) {
      await setImmediate();
      const entries = await this.chain.after(last.seq, BATCH);
      for (const entry of entries) {
        if (last.seq >= head.seq) break;
        const checked = last.seq - from.seq;
        if (entry.sealedSeq !== last.seq + 1)
          return broken(checked, missingId(last.auditId, entry), missing(last.seq + 1));
        if (!this.links.fits(entry, last)) return broken(checked, entry.auditId, 'the entry was changed');
        last = { seq: entry.sealedSeq, hash: entry.hash ?? '', auditId: entry.auditId };
      }
      if (entries.length === 0) {
        return broken(
          last.seq - from.seq,
          last.auditId,
          `the chain is cut off after this entry: ${head.seq - last.seq} are missing`,
        );
      }
    }
    const checked = last.seq - from.seq;
    return last.hash === head.hash
      ? { checked, firstBroken: null }
      : broken(checked, last.auditId, 'the last entry is not the one that was sealed last');
  }

  private async compare(walk: ChainCheck, checkpoint: Checkpoint, anchor: ChainPlace): Promise<ChainCheck> {
    if (!this.links.isGenuineCheckpoint(checkpoint))
      return broken(walk.checked, null, 'the checkpoint was not signed by this server');
    if (checkpoint.seq <= anchor.seq) return walk;
    const entry = await this.chain.at(checkpoint.seq);
    if (entry?.hash === checkpoint.hash) return walk;
    const reason = entry ? 'the entry is not the one of the checkpoint' : 'the chain ends before the checkpoint';
    return broken(walk.checked, entry?.auditId ?? null, reason);
  }

  private async sealAll(): Promise<void> {
    try {
      if ((await this.chain.oldestUnsealed()) !== null) {
        while (await this.database.transaction(() => this.sealBatch())) await setImmediate();
      }
      this.failure = null;
    } catch (error) {
      this.tellFailure(error);
    }
  }

  private tellFailure(error: unknown): void {
    if (!(error instanceof ChainBroken)) {
      this.logger.warn(`cannot seal the audit log; trying again: ${String(error)}`);
      return;
    }
    if (this.failure === null) this.logger.error(`the audit log is not sealed any more: ${error.message}`);
    this.failure = error.message;
  }

  /** Whether there may be more. */
  private async sealBatch(): Promise<boolean> {
    const head = (await this.chain.lockMark('head')) ?? (await this.begin());
    // Sealing on would make a forged head genuine.
    if (!this.links.isGenuineMark(head)) throw new ChainBroken('the head of the chain was changed');
    let place: ChainPlace = head;
    const sealed: Sealed[] = [];
    for (const entry of await this.chain.unsealed()) {
      const seq = place.seq + 1;
      place = { seq, hash: this.links.hashOf(entry, seq, place.hash) };
      sealed.push({ auditId: entry.auditId, sealedSeq: seq, hash: place.hash });
    }
    // Another node may have sealed what was waiting here.
    if (sealed.length > 0) {
      await this.chain.seal(sealed);
      await this.chain.setMark(this.links.mark('head', place));
    }
    return sealed.length === SEALED_AT_ONCE;
  }

  /** Only where there never was a chain: one whose head is gone is broken, not new. */
  private async begin(): Promise<ChainMark> {
    if ((await this.chain.mark('anchor')) || (await this.chain.hasSealed())) {
      throw new ChainBroken('the head of the chain is missing');
    }
    const mark = this.links.mark('head', GENESIS);
    await this.chain.setMark(mark);
    return mark;
  }
}

function broken(checked: number, auditId: number | null, reason: string): ChainCheck {
  return { checked, firstBroken: { auditId, reason } };
}

function missing(seq: number): string {
  return `the entry that was sealed as number ${seq} is missing`;
}

/** The id that is missing between two neighbours, where only one can be; else the one behind the gap. */
function missingId(before: number | null, behind: AuditLog): number {
  return before !== null && behind.auditId === before + 2 ? before + 1 : behind.auditId;
}
