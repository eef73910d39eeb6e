import { ApiProperty } from '@nestjs/swagger';
import { InvalidInput } from '../../common/errors.js';
import { Integer, Moment, Text } from '../../common/fields.js';
import type { Checkpoint } from './chain-links.js';
import type { ChainCheck } from './chain.service.js';

export class BrokenEntryResponse {
  /** Null when the chain itself was changed, not an entry. */
  @ApiProperty({ type: Number, nullable: true, example: 41 })
  audit_id!: number | null;

  @ApiProperty({ example: 'the entry was changed' })
  reason!: string;
}

export class ChainCheckResponse {
  @ApiProperty()
  valid!: boolean;

  /** How many entries were found in order. */
  @ApiProperty({ example: 312 })
  checked!: number;

  @ApiProperty({ type: BrokenEntryResponse, nullable: true })
  first_broken!: BrokenEntryResponse | null;

  static from(this: void, { checked, firstBroken }: ChainCheck): ChainCheckResponse {
    const first = firstBroken && { audit_id: firstBroken.auditId, reason: firstBroken.reason };
    return { valid: firstBroken === null, checked, first_broken: first };
  }
}

/** The end of the chain at one moment. Keep it elsewhere: it finds out a tail that was cut off later. */
export class CheckpointResponse {
  @ApiProperty({ example: 312 })
  seq!: number;

  @ApiProperty({ example: 'mZ0…' })
  hash!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  at!: string;

  @ApiProperty({ example: 'hR4…' })
  signature!: string;

  static from(this: void, { seq, hash, at, signature }: Checkpoint): CheckpointResponse {
    return { seq, hash, at, signature };
  }
}

/** A checkpoint that was kept, to be compared with; all four fields or none. */
export class VerifyQuery {
  /** As in the checkpoint. */
  @Integer({ min: 0, max: Number.MAX_SAFE_INTEGER, optional: true, query: true })
  seq?: number;

  /** As in the checkpoint. */
  @Text({ min: 0, max: 64, optional: true })
  hash?: string;

  /** As in the checkpoint. */
  @Moment({ optional: true })
  at?: string;

  /** As in the checkpoint. */
  @Text({ max: 64, optional: true })
  signature?: string;
}

/** Undefined when none was given. Half a checkpoint is a mistake, not none. */
export function checkpointOf({ seq, hash, at, signature }: VerifyQuery): Checkpoint | undefined {
  if (seq !== undefined && hash !== undefined && at !== undefined && signature !== undefined) {
    return { seq, hash, at, signature };
  }
  const given = Object.entries({ seq, hash, at, signature }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  throw InvalidInput.fields(
    given.map(([name]) => ({ pointer: `/${name}`, detail: 'give seq, hash, at and signature together' })),
  );
}
