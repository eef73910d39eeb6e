import { Injectable } from '@nestjs/common';
import { systemPrincipal } from '../common/principal.js';
import type { KnownPrincipal, PrincipalSource, Slice } from '../rbac/known-principals.js';
import { TwoFactorDemand } from './two-factor-demand.service.js';
import type { PresentGiver } from '../rbac/present-givers.js';
import { UserReach } from './user-reach.service.js';
import type { UserView } from './user.view.js';
import { UsersService } from './users.service.js';

const OBSTACLES = {
  active: null,
  invited: 'The user has not accepted the invitation yet.',
  deactivated: 'The user is deactivated.',
} as const;
const UNENROLLED =
  'Two-factor is demanded of the user, who has not set it up: hardly anything else is open until then.';

/** Users, for explanations of rights. */
@Injectable()
export class KnownUsers implements PrincipalSource {
  readonly kind = 'user';

  constructor(
    private readonly users: UsersService,
    private readonly demand: TwoFactorDemand,
    private readonly reach: UserReach,
  ) {}

  async find(id: number | string): Promise<KnownPrincipal | null> {
    const view = typeof id === 'number' ? await this.users.findById(id) : null;
    return view && this.known(view);
  }

  /** An active user who is about to hand out rights. */
  async giver(userId: number): Promise<PresentGiver | null> {
    await this.users.share(userId);
    const view = await this.users.findById(userId);
    if (view?.user.status !== 'active') return null;
    return { principal: this.known(view).principal, direct: [], roleIds: view.roles.map((role) => role.roleId) };
  }

  async list(slice: Slice): Promise<KnownPrincipal[]> {
    return (await this.users.slice(slice)).map((view) => this.known(view));
  }

  private known(view: UserView): KnownPrincipal {
    const { user, roles, customerIds } = view;
    return {
      id: user.userId,
      position: user.userId,
      principal: {
        ...systemPrincipal(user.email),
        kind: 'user',
        id: user.userId,
        roles: roles.map(({ name }) => name),
        permissions: new Set(roles.flatMap(({ permissions }) => permissions)),
        customerIds,
      },
      assignments: roles.map(({ name, permissions }) => ({ role: name, permissions })),
      obstacle: OBSTACLES[user.status] ?? (this.demand.stateOf(view) === 'demanded' ? UNENROLLED : null),
      bar: null,
      takesCustomers: true,
      nameFor: (asker) => (this.reach.mayReadEmail(asker, view) ? user.email : user.name),
    };
  }
}
