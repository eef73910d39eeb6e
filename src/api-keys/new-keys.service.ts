import { Injectable } from '@nestjs/common';
import { Clock, DAY, type Instant } from '../common/clock.js';
import { InvalidInput, RuleBroken } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { foldedKey, searchText } from '../common/text.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { generateKey, maskOf } from '../platform/secrets/key-format.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import type { ApiKey } from './api-key.entity.js';
import { noticeOf } from './api-key.status.js';
import { CreateApiKeyRequest } from './api-keys.dto.js';
import { ApiKeyErrors } from './api-keys.errors.js';

export interface NewKey {
  readonly values: Omit<ApiKey, 'apiKeyId'>;
  /** The value: in the answer to whoever made the key, and nowhere else. */
  readonly secret: string;
}

/** Makes the row of a key of either kind, and its value. What it may grant was decided before. */
@Injectable()
export class NewKeysService {
  constructor(
    private readonly secrets: Secrets,
    private readonly config: LiveConfig,
    private readonly clock: Clock,
  ) {}

  make(principal: Principal, kind: ApiKey['kind'], request: CreateApiKeyRequest): NewKey {
    const { prefix, personalPrefix } = this.config.current.apiKeyPolicy;
    const secret = generateKey(kind === 'personal' ? personalPrefix : prefix);
    return { secret, values: { kind, ...this.described(request, secret), ...this.made(principal, request) } };
  }

  /** Keys of both kinds live no longer than the policy says. */
  assertExpiry(expiry: Instant | null): void {
    const { maxLifetimeDays } = this.config.current.apiKeyPolicy;
    if (expiry !== null && expiry <= this.clock.instant()) {
      throw InvalidInput.field('/expiry_date', 'lies in the past: a key cannot expire before it is made');
    }
    if (maxLifetimeDays === null) return;
    const latest = this.clock.instant(maxLifetimeDays * DAY);
    if (expiry === null || expiry > latest) {
      throw new RuleBroken(ApiKeyErrors.lifetimeTooLong, { days: maxLifetimeDays, latest });
    }
  }

  private described({ name, description = null, permissions = [] }: CreateApiKeyRequest, secret: string) {
    const mask = maskOf(secret);
    const text = { name, nameKey: foldedKey(name, 100), description, searchText: searchText(name, description, mask) };
    return { source: 'database', ...text, mask, ...this.secrets.digest(secret), permissions } as const;
  }

  private made(principal: Principal, request: CreateApiKeyRequest) {
    const now = this.clock.instant();
    const isByKey = principal.kind === 'api_key' || principal.kind === 'personal_token';
    return {
      flaggedStatus: 'active',
      expiryDate: request.expiry_date ?? null,
      noticedDays: noticeOf(request.expiry_date ?? null, now),
      revokedAt: null,
      createdByUserId: principal.kind === 'user' ? principal.id : null,
      createdByKeyId: isByKey ? principal.id : null,
      createdBy: principal.name.slice(0, 254),
      isProtected: request.protected ?? false,
      isBoundToCreator: request.bound_to_creator ?? false,
      allowedAddresses: request.allowed_addresses ?? null,
      rateLimit: request.rate_limit ?? null,
      lastUsedAt: null,
      lastUsedAddress: null,
      version: 1,
      created: now,
      updated: now,
    } as const;
  }
}
