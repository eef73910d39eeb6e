import { ApiProperty } from '@nestjs/swagger';
import { listResponseOf } from '../common/page.js';
import type { ApiKeyStats } from './api-keys.repository.js';
import type { ApiKeyPreset } from './api-key.presets.js';

/** The counts of the dashboard. */
export class ApiKeyStatsResponse implements ApiKeyStats {
  /** Active and expired ones; revoked keys are gone from every list. */
  @ApiProperty({ example: 12 })
  total!: number;

  @ApiProperty({ example: 10 })
  active!: number;

  /** Part of the active ones. */
  @ApiProperty({ example: 1 })
  expiring_soon!: number;

  @ApiProperty({ example: 2 })
  expired!: number;

  @ApiProperty({ example: 3 })
  revoked!: number;

  @ApiProperty({ example: 4 })
  never_expiring!: number;

  @ApiProperty({ example: 5 })
  never_used!: number;
}

export class ApiKeyPresetResponse {
  @ApiProperty({ example: 'Billing export' })
  name!: string;

  @ApiProperty({ example: 'Reads what accounting needs.' })
  description!: string;

  @ApiProperty({ type: [String], example: ['view_customer', 'view_transaction', 'view_invoice'] })
  permissions!: string[];

  /** Null = no expiry. */
  @ApiProperty({ type: Number, nullable: true, example: 90 })
  lifetime_days!: number | null;

  /** Such a key sees nothing without `customer_ids`. */
  @ApiProperty()
  needs_customers!: boolean;

  static from(this: void, preset: ApiKeyPreset): ApiKeyPresetResponse {
    return {
      name: preset.name,
      description: preset.description,
      permissions: [...preset.permissions],
      lifetime_days: preset.lifetimeDays,
      needs_customers: preset.needsCustomers,
    };
  }
}

export const ApiKeyPresetList = listResponseOf(ApiKeyPresetResponse);
