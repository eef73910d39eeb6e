import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { PresentGiver } from '../rbac/present-givers.js';
import { UsersService } from '../users/users.service.js';
import { isExpired, KeyPrincipals } from './api-key.principals.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ChildrenRepository } from './children/children.repository.js';

/** Keys that are about to hand out rights, as they are at that moment. */
@Injectable()
export class KeyGivers {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly children: ChildrenRepository,
    private readonly users: UsersService,
    private readonly principals: KeyPrincipals,
    private readonly clock: Clock,
  ) {}

  async giver(apiKeyId: number): Promise<PresentGiver | null> {
    await this.share(apiKeyId);
    const record = await this.keys.find(apiKeyId);
    if (record?.key.revokedAt !== null || isExpired(record.key, this.clock.instant())) return null;
    const principal = await this.principals.of({ record, isOutdated: false, validUntil: null });
    return principal && { principal, direct: record.key.permissions, roleIds: record.roleIds };
  }

  /** With all that a bound key hangs on. */
  private async share(apiKeyId: number): Promise<void> {
    let key = await this.children.share(apiKeyId);
    while (key?.isBoundToCreator) {
      if (key.createdByUserId !== null) await this.users.share(key.createdByUserId);
      key = key.createdByKeyId === null ? null : await this.children.share(key.createdByKeyId);
    }
  }
}
