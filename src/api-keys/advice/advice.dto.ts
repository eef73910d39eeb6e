import { ApiProperty, OmitType } from '@nestjs/swagger';
import { Choice } from '../../common/fields.js';
import { ListQuery, listResponseOf } from '../../common/page.js';
import { type Advice, ADVICE_CODES, type AdviceCode } from './advice.rules.js';
import type { AdvisedKey } from './advice.view.js';

export class ListAdviceQuery extends OmitType(ListQuery, ['count'] as const) {
  /** Only keys that this is to be said about, and only this about them. */
  @Choice(ADVICE_CODES, { optional: true })
  code?: AdviceCode;
}

export class AdviceItemResponse implements Advice {
  @ApiProperty({ enum: ADVICE_CODES, example: 'unused_permissions' })
  code!: AdviceCode;

  /** What is wrong and what to do about it. */
  @ApiProperty({ example: 'Not used in 90 days, so take it from the key: create_customer.' })
  detail!: string;

  /** What it is about: permissions not used, or for an admin key those that would have been enough. */
  @ApiProperty({ type: [String], example: ['create_customer'] })
  permissions!: readonly string[];
}

export class AdviceResponse {
  @ApiProperty({ example: 12 })
  api_key_id!: number;

  @ApiProperty({ example: 'Billing export' })
  name!: string;

  /** Gravest first; empty for a key that is as it should be. */
  @ApiProperty({ type: [AdviceItemResponse] })
  advice!: readonly AdviceItemResponse[];

  static from(this: void, { view, advice }: AdvisedKey): AdviceResponse {
    return { api_key_id: view.key.apiKeyId, name: view.key.name, advice };
  }
}

export const AdviceList = listResponseOf(AdviceResponse);
