import { ApiProperty } from '@nestjs/swagger';
import { TextList } from '../../common/fields.js';
import { Secret } from '../../common/secret.decorator.js';
import type { LeakResult } from './leaks.service.js';

export class ReportLeaksRequest {
  /** What was found, at most 10,000 at a time; it need not be ours. */
  @TextList({ min: 1, max: 10_000, length: 500, example: ['sk_live_…'] })
  @Secret()
  tokens!: string[];
}

export class LeakResponse {
  /** The place in the list that was sent. */
  @ApiProperty({ example: 0 })
  index!: number;

  /** Whether it was a key of this server that still worked. */
  @ApiProperty()
  known!: boolean;

  /** Protected keys and those of the configuration file are known and stay: somebody has to decide. */
  @ApiProperty()
  revoked!: boolean;

  /** Keys that it made and that still work: whoever had it may have made them. They are not revoked along. */
  @ApiProperty({ type: [Number], example: [] })
  child_api_key_ids!: number[];
}

export class ReportLeaksResponse {
  @ApiProperty({ type: [LeakResponse] })
  results!: LeakResponse[];

  static from(this: void, results: readonly LeakResult[]): ReportLeaksResponse {
    return {
      results: results.map(({ isKnown, isRevoked, childIds }, index) => ({
        index,
        known: isKnown,
        revoked: isRevoked,
        child_api_key_ids: [...childIds],
      })),
    };
  }
}
