import { Injectable } from '@nestjs/common';
import { assertMatches, type Precondition } from '../../common/etag.js';
import type { Principal } from '../../common/principal.js';
import { AuditService, difference } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { Settings, type SettingsState, type SettingValues } from '../../platform/settings/settings.service.js';
import { UpdateSettingsRequest } from './settings.dto.js';

/** What can be changed while the server runs, and by whom it was. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: Database,
    private readonly settings: Settings,
    private readonly audit: AuditService,
  ) {}

  get(): Promise<SettingsState> {
    return this.settings.read();
  }

  /** All of it or nothing. What changes nothing writes nothing and is not recorded. */
  update(principal: Principal, request: UpdateSettingsRequest, ifMatch: Precondition): Promise<SettingsState> {
    return this.database.transaction(async () => {
      const before = await this.settings.lock();
      assertMatches(ifMatch, before.version);
      const changed = difference(before.values, { ...before.values, ...given(request) });
      if (!changed) return before;
      await this.settings.write(changed.after as SettingValues);
      await this.audit.record(principal, { event: 'setting.updated', subject: null, ...changed });
      return this.settings.read();
    });
  }
}

function given(request: UpdateSettingsRequest): SettingValues {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}
