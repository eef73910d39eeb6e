import { Injectable } from '@nestjs/common';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import type { AuditLog } from '../audit-log.entity.js';
import type { ChainMark } from './chain-mark.entity.js';

/** Somebody has been at the chain: nothing is sealed or removed on top of that. */
export class ChainBroken extends Error {}

/** What stands before the first entry. */
export const GENESIS = { seq: 0, hash: '' } as const;

/** A place in the chain. */
export interface ChainPlace {
  readonly seq: number;
  readonly hash: string;
}

/** A place in the chain that can be kept elsewhere, signed: it finds out a tail that was cut off together with its head. */
export interface Checkpoint extends ChainPlace {
  readonly at: string;
  readonly signature: string;
}

/**
 * The keyed hashes of the chain (U5): each entry's covers its place, everything it says, and the hash before it. Without
 * the server's pepper nobody can make a chain that fits; with a rotated pepper old links are still recognised.
 */
@Injectable()
export class ChainLinks {
  constructor(private readonly secrets: Secrets) {}

  hashOf(entry: AuditLog, seq: number, previous: string): string {
    return this.secrets.mac('audit-chain', canonical(entry, seq, previous));
  }

  fits(entry: AuditLog, previous: ChainPlace): boolean {
    if (entry.sealedSeq !== previous.seq + 1) return false;
    const text = canonical(entry, previous.seq + 1, previous.hash);
    return this.secrets.isMac('audit-chain', text, entry.hash ?? '');
  }

  mark(name: ChainMark['name'], { seq, hash }: ChainPlace): ChainMark {
    return { name, seq, hash, mac: this.secrets.mac('audit-mark', `${name}/${seq}/${hash}`) };
  }

  isGenuineMark({ name, seq, hash, mac }: ChainMark): boolean {
    return this.secrets.isMac('audit-mark', `${name}/${seq}/${hash}`, mac);
  }

  checkpoint({ seq, hash }: ChainPlace, at: string): Checkpoint {
    return { seq, hash, at, signature: this.secrets.mac('audit-checkpoint', `${seq}/${hash}/${at}`) };
  }

  isGenuineCheckpoint({ seq, hash, at, signature }: Checkpoint): boolean {
    return this.secrets.isMac('audit-checkpoint', `${seq}/${hash}/${at}`, signature);
  }
}

/** One text for one entry: an array, so that no field can run into its neighbour. */
function canonical(entry: AuditLog, seq: number, previous: string): string {
  const { auditId, at, event, actorKind, actorId, actorName, address, requestId, subjectType, subjectId } = entry;
  const who = [actorKind, actorId, actorName, address, requestId];
  return JSON.stringify([seq, previous, auditId, at, event, who, subjectType, subjectId, entry.before, entry.after]);
}
