import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database/database.js';
import { AccountTokensService } from './account-tokens/account-tokens.service.js';
import { EmailChangesService } from './email-changes.service.js';
import { SignupsService } from './signups.service.js';

/** What comes true once somebody proves to read an address. */
@Injectable()
export class AddressProofs {
  constructor(
    private readonly database: Database,
    private readonly tokens: AccountTokensService,
    private readonly emailChanges: EmailChangesService,
    private readonly signups: SignupsService,
  ) {}

  /** Once. Throws 401 for a token that is none, and 409 when somebody has the address by now. */
  async accept(token: string): Promise<void> {
    const presented = await this.tokens.get(token, ['verify_email', 'signup']);
    const service = presented.purpose === 'signup' ? this.signups : this.emailChanges;
    await this.database.transaction(() => service.complete(presented));
  }
}
