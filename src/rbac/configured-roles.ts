import { Injectable } from '@nestjs/common';
import { fold } from '../common/text.js';
import { LiveConfig } from '../platform/config/live-config.js';
import type { Role } from './role.entity.js';

/** The places in the file that could not stand if the role granted these permissions. */
export type RoleObjection = (role: Role, permissions: readonly string[]) => string[];

/** Where the configuration in force depends on a role. It names roles by name: a change here must not stop the next start. */
@Injectable()
export class ConfiguredRoles {
  private readonly objections: RoleObjection[] = [];

  constructor(private readonly config: LiveConfig) {}

  register(objection: RoleObjection): void {
    this.objections.push(objection);
  }

  /** Places that name the role, such as `api_keys[0]`. */
  naming({ nameKey }: Role): string[] {
    const { apiKeys, ipWhitelist, ipWhitelistDefaultRoles, twoFactor } = this.config.current;
    const isNamed = (names: readonly string[]): boolean => names.some((name) => fold(name) === nameKey);
    return [
      ...[...apiKeys, ...ipWhitelist].filter(({ roles }) => isNamed(roles)).map(({ path }) => path),
      ...(isNamed(ipWhitelistDefaultRoles) ? ['ip_whitelist_default_roles'] : []),
      ...twoFactor.requiredRoles.filter(({ name }) => isNamed([name])).map(({ path }) => path),
    ];
  }

  /** Places that would not let the role grant this. */
  refusing(role: Role, permissions: readonly string[]): string[] {
    return this.objections.flatMap((objection) => objection(role, permissions));
  }
}
