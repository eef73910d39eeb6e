import { Injectable } from '@nestjs/common';
import { systemPrincipal } from '../common/principal.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { randomBase62 } from '../platform/secrets/key-format.js';
import { ADMIN_ROLE } from '../rbac/built-in-roles.js';
import { UsersService } from './users.service.js';

export interface NewAdministrator {
  readonly email: string;
  /** Null when the operator chose the password. */
  readonly generatedPassword: string | null;
}

const PASSWORD_LENGTH = 24;

/** Makes the first administrator, when there is no user at all: never a second one, never a known password. */
@Injectable()
export class FirstAdministrator {
  constructor(
    private readonly users: UsersService,
    private readonly config: LiveConfig,
  ) {}

  async ensure(): Promise<NewAdministrator | null> {
    if (await this.users.hasAny()) return null;
    const { adminEmail: email, adminPassword } = this.config.current.environment;
    const password = adminPassword ?? randomBase62(PASSWORD_LENGTH);
    const request = { email, name: 'Administrator', password, roles: [ADMIN_ROLE] };
    await this.users.create(systemPrincipal('first start'), request);
    return { email, generatedPassword: adminPassword === null ? password : null };
  }
}
