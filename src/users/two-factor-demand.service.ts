import { Injectable } from '@nestjs/common';
import type { TwoFactorState } from '../common/principal.js';
import { fold, logLine } from '../common/text.js';
import type { ConfigProblem } from '../platform/config/config-problem.js';
import type { CrmConfig } from '../platform/config/crm-config.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Revisions } from '../platform/database/revisions.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { UserView } from './user.view.js';

/** Of whom the configuration demands two-factor (A7). Judged at each request, so no token outlives the demand. */
@Injectable()
export class TwoFactorDemand {
  constructor(
    private readonly config: LiveConfig,
    private readonly directory: RoleDirectory,
    revisions: Revisions,
  ) {
    config.registerCheck((candidate) => this.unknownRoles(candidate));
    // Principals are remembered with what was demanded of them.
    config.onChange(() => revisions.stale());
  }

  stateOf({ user, roles }: UserView): TwoFactorState {
    if (user.twoFactorSince !== null) return 'on';
    const { required, requiredRoles } = this.config.current.twoFactor;
    const names = requiredRoles.map(({ name }) => fold(name));
    return required || roles.some((role) => names.includes(role.nameKey)) ? 'demanded' : 'off';
  }

  private async unknownRoles({ twoFactor }: CrmConfig): Promise<ConfigProblem[]> {
    const known = new Set((await this.directory.all()).map((role) => role.nameKey));
    return twoFactor.requiredRoles
      .filter(({ name }) => !known.has(fold(name)))
      .map(({ path, line, name }) => ({ path, line, message: `there is no role called ${logLine(name, 64)}` }));
  }
}
