import { ApiProperty } from '@nestjs/swagger';
import type { ApiKeyStatus } from '../api-key.status.js';
import type { ChildKey } from './children.view.js';

/** A key that was made by a key: when the parent leaked, so may have this one. */
export class ChildApiKeyResponse {
  @ApiProperty({ example: 13 })
  api_key_id!: number;

  @ApiProperty({ example: 'Nightly job' })
  name!: string;

  @ApiProperty({ enum: ['active', 'expiring_soon', 'expired', 'revoked'] })
  status!: ApiKeyStatus;

  static from(this: void, { apiKeyId, name, status }: ChildKey): ChildApiKeyResponse {
    return { api_key_id: apiKeyId, name, status };
  }
}
