import { Injectable } from '@nestjs/common';
import { AccountMails } from './account-mails.service.js';
import { AccountTokensService } from './account-tokens/account-tokens.service.js';
import type { User } from './user.entity.js';

/** Whoever was created without a password chooses one by a mailed link, and is active from then on. */
@Injectable()
export class InvitationsService {
  constructor(
    private readonly tokens: AccountTokensService,
    private readonly mails: AccountMails,
  ) {}

  /** To be called in the transaction of its cause. An earlier invitation is void. */
  async send(user: User): Promise<void> {
    await this.tokens.removeOf(user, ['invitation']);
    await this.mails.invited(user.email, await this.tokens.issue({ purpose: 'invitation', email: user.email, user }));
  }
}
