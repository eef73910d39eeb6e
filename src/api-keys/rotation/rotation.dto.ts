import { ApiProperty } from '@nestjs/swagger';
import { Integer, Moment } from '../../common/fields.js';
import { Secret } from '../../common/secret.decorator.js';
import { ApiKeyResponse } from '../api-keys.dto.js';
import type { RegeneratedKey, RotationReport } from './rotation.view.js';

const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** Without any field the old value dies at once. */
export class RegenerateApiKeyRequest {
  /** For so many seconds the old value works beside the new one. */
  @Integer({ min: 0, max: YEAR_SECONDS, optional: true, example: 86_400 })
  grace_period_seconds?: number;

  /** The old value works until so many seconds after the new one's first use. */
  @Integer({ min: 0, max: YEAR_SECONDS, optional: true, example: 3_600 })
  retire_seconds_after_first_use?: number;

  /** Then the old value dies even if the new one was never used; without it after 365 days, or with the key. */
  @Moment({ optional: true, example: '2030-12-31' })
  deadline?: string;
}

export class RegeneratedApiKeyResponse extends ApiKeyResponse {
  /** The whole new key. It is shown this once and cannot be retrieved again. */
  @Secret()
  @ApiProperty({ example: 'sk_live_…' })
  override api_key!: string;

  /** Until when the old value works at most; null = it is dead already. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  previous_valid_until!: string | null;

  static withSecret(this: void, { view, secret, previousValidUntil }: RegeneratedKey): RegeneratedApiKeyResponse {
    return { ...ApiKeyResponse.from(view), api_key: secret, previous_valid_until: previousValidUntil };
  }
}

export class OldValueUseResponse {
  @ApiProperty({ example: '203.0.113.7' })
  address!: string;

  @ApiProperty({ type: String, nullable: true, example: '/crm/customers' })
  route!: string | null;

  @ApiProperty({ example: 17 })
  requests!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  last_used_at!: string;
}

/** Who used the old value since the rotation began. Where nothing is added any more, everybody has changed over. */
export class RotationResponse {
  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  started!: string;

  /** When the old value stops working at the latest. */
  @ApiProperty({ format: 'date-time', example: '2026-11-22T09:30:00.000Z' })
  previous_valid_until!: string;

  @ApiProperty({ type: Number, nullable: true, example: null })
  retire_seconds_after_first_use!: number | null;

  /** When the new value was first used; null = not yet, so the rotation can still be cancelled. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  new_value_first_used_at!: string | null;

  @ApiProperty({ type: [OldValueUseResponse] })
  old_value_uses!: OldValueUseResponse[];

  static from(this: void, { rotation, uses }: RotationReport): RotationResponse {
    return {
      started: rotation.created,
      previous_valid_until: rotation.previousValidUntil,
      retire_seconds_after_first_use: rotation.retireSecondsAfterFirstUse,
      new_value_first_used_at: rotation.firstUsedAt,
      old_value_uses: uses.map(({ address, route, requests, lastAt }) => ({
        address,
        route,
        requests,
        last_used_at: lastAt,
      })),
    };
  }
}
