import { Injectable } from '@nestjs/common';
import { systemPrincipal } from '../common/principal.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { randomBase62 } from '../platform/secrets/key-format.js';
import { ADMIN_ROLE } from '../rbac/built-in-roles.js';
import { CreateUserRequest } from './users.dto.js';
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
    private readonly database: Database,
    private readonly revisions: Revisions,
  ) {}

  async ensure(): Promise<NewAdministrator | null> {
    if (await this.users.hasAny()) return null;
    const { adminEmail: email, adminPassword } = this.config.current.environment;
    const password = adminPassword ?? randomBase62(PASSWORD_LENGTH);
    const request = { email, name: 'Administrator', password, roles: [ADMIN_ROLE] };
    const isMade = await this.database.transaction(() => this.createUnlessThere(request));
    return isMade ? { email, generatedPassword: adminPassword === null ? password : null } : null;
  }

  /** Several nodes may find no user at the same first start: one makes the administrator, the others find it. */
  private async createUnlessThere(request: CreateUserRequest): Promise<boolean> {
    await this.revisions.claim('users');
    if (await this.users.hasAny()) return false;
    await this.users.create(systemPrincipal('first start'), request);
    return true;
  }
}
