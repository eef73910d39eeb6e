import { ApiProperty } from '@nestjs/swagger';
import { Address } from '../common/fields.js';
import { listResponseOf } from '../common/page.js';
import type { TrustedAddressView } from './trusted-addresses.service.js';

export class TrustedAddressResponse {
  @ApiProperty({ example: '10.0.0.0/24' })
  address!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Grafana' })
  description!: string | null;

  @ApiProperty({ type: [String], example: [] })
  roles!: string[];

  /** Everything that the entry grants, through roles too. */
  @ApiProperty({ type: [String], example: ['view_service'] })
  permissions!: string[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  expires!: string | null;

  @ApiProperty()
  allow_public!: boolean;

  @ApiProperty()
  allow_admin!: boolean;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  last_used_at!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  last_used_address!: string | null;

  static from(this: void, view: TrustedAddressView): TrustedAddressResponse {
    const { entry, roles, permissions, lastUsedAt, lastUsedAddress } = view;
    return {
      address: entry.range.toString(),
      description: entry.description,
      roles: [...roles],
      permissions: [...permissions],
      expires: entry.expiresAt,
      allow_public: entry.allowPublic,
      allow_admin: entry.allowAdmin,
      last_used_at: lastUsedAt,
      last_used_address: lastUsedAddress,
    };
  }
}

export class TestAddressRequest {
  @Address({ example: '10.0.0.17' })
  address!: string;
}

export class TestAddressResponse {
  @ApiProperty()
  trusted!: boolean;

  /** The narrowest entry that holds the address: it alone decides. */
  @ApiProperty({ type: TrustedAddressResponse, nullable: true })
  entry!: TrustedAddressResponse | null;

  static from(this: void, view: TrustedAddressView | null): TestAddressResponse {
    return { trusted: view !== null, entry: view && TrustedAddressResponse.from(view) };
  }
}

export const TrustedAddressList = listResponseOf(TrustedAddressResponse);
