import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { TrustedAddressUse } from './trusted-address.entity.js';

@Injectable()
export class TrustedAddressesRepository {
  constructor(private readonly database: Database) {}

  async allByAddress(): Promise<Map<string, TrustedAddressUse>> {
    const rows = await this.database.repository(TrustedAddressUse).find();
    return new Map(rows.map((row) => [row.address, row]));
  }

  async note(use: TrustedAddressUse): Promise<void> {
    await this.database.repository(TrustedAddressUse).upsert(use, ['address']);
  }
}
