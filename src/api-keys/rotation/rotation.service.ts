import { Injectable } from '@nestjs/common';
import { Clock, DAY, type Instant, SECOND } from '../../common/clock.js';
import { Conflict, InvalidInput, NotFound, RuleBroken } from '../../common/errors.js';
import { assertMatches, type Precondition } from '../../common/etag.js';
import type { Principal } from '../../common/principal.js';
import { AccessLogsService } from '../../audit/access-logs.service.js';
import { LiveConfig } from '../../platform/config/live-config.js';
import { Database } from '../../platform/database/database.js';
import { Revisions } from '../../platform/database/revisions.js';
import { generateKey, maskOf } from '../../platform/secrets/key-format.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import { GrantsService } from '../../rbac/grants.service.js';
import { StepUpGate } from '../../rbac/step-up.js';
import type { ApiKey } from '../api-key.entity.js';
import type { ApiKeyView } from '../api-key.view.js';
import { KeyParentsService } from '../children/key-parents.service.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { ApiKeysService } from '../api-keys.service.js';
import { assertPresentValue } from '../api-key.limits.js';
import { RegenerateApiKeyRequest } from './rotation.dto.js';
import type { ApiKeyRotation } from './rotation.entity.js';
import type { RegeneratedKey, RotationReport } from './rotation.view.js';
import { RotationRepository } from './rotation.repository.js';

const LONGEST_MS = 365 * DAY;

/** Replaces the value of a key (K6): the old one dies at once, after a grace period, or after the new one's first use. */
@Injectable()
export class RotationService {
  constructor(
    private readonly database: Database,
    private readonly apiKeys: ApiKeysService,
    private readonly rotations: RotationRepository,
    private readonly accessLogs: AccessLogsService,
    private readonly grants: GrantsService,
    private readonly stepUp: StepUpGate,
    private readonly parents: KeyParentsService,
    private readonly secrets: Secrets,
    private readonly revisions: Revisions,
    private readonly config: LiveConfig,
    private readonly clock: Clock,
  ) {}

  /** Whoever regenerates gets the value in hand, so they must hold everything that the key holds. */
  async regenerate(
    principal: Principal,
    apiKeyId: number,
    request: RegenerateApiKeyRequest,
    ifMatch: Precondition,
  ): Promise<RegeneratedKey> {
    assertPresentValue(principal);
    const secret = generateKey(this.config.current.apiKeyPolicy.prefix);
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      const before = await this.apiKeys.lock(apiKeyId);
      this.assertMayRegenerate(before);
      await this.grants.assertHolds(giver, before.effectivePermissions, before.customerIds);
      await this.parents.assertMayTake(giver, before.key);
      assertMatches(ifMatch, before.key.version);
      await this.stepUp.demandForAdmin(principal, before.effectivePermissions);
      const rotation = this.begin(before.key, request);
      if (rotation) await this.rotations.set(rotation);
      else await this.rotations.remove(apiKeyId);
      await this.apiKeys.setValue(before.key, { ...this.secrets.digest(secret), mask: maskOf(secret) });
      const grace = rotation && {
        previous_valid_until: rotation.previousValidUntil,
        retire_seconds_after_first_use: rotation.retireSecondsAfterFirstUse,
      };
      const view = await this.apiKeys.recordChange(principal, before, 'regenerated', grace);
      return { view, secret, previousValidUntil: rotation?.previousValidUntil ?? null };
    });
  }

  async report(apiKeyId: number): Promise<RotationReport> {
    await this.apiKeys.get(apiKeyId);
    const rotation = this.live(await this.rotations.find(apiKeyId), apiKeyId);
    return { rotation, uses: await this.accessLogs.summariseOutdated(apiKeyId, rotation.created) };
  }

  /** Only before the new value's first use: then the old one is the only one again, as if nothing had been. */
  async cancel(principal: Principal, apiKeyId: number): Promise<void> {
    assertPresentValue(principal);
    await this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      const before = await this.apiKeys.lock(apiKeyId);
      if (before.key.isProtected) throw new Conflict(ApiKeyErrors.protected, { id: apiKeyId });
      await this.grants.assertHolds(giver, before.effectivePermissions, before.customerIds);
      await this.parents.assertMayTake(giver, before.key);
      const rotation = this.live(await this.rotations.findForUpdate(apiKeyId), apiKeyId);
      if (rotation.firstUsedAt !== null) throw new Conflict(ApiKeyErrors.rotationUsed, { id: apiKeyId });
      await this.rotations.remove(apiKeyId);
      await this.apiKeys.setValue(before.key, {
        digest: rotation.previousDigest,
        pepperVersion: rotation.previousPepperVersion,
        mask: rotation.previousMask,
      });
      await this.apiKeys.recordChange(principal, before, 'rotation_cancelled', null);
    });
  }

  /** Called when a new value is verified: the first time starts the old one's last seconds, where that was agreed. */
  async noteNewValue(apiKeyId: number): Promise<void> {
    const seen = await this.rotations.find(apiKeyId);
    if (!seen || seen.firstUsedAt !== null) return;
    await this.database.transaction(async () => {
      const rotation = await this.rotations.findForUpdate(apiKeyId);
      if (!rotation || rotation.firstUsedAt !== null) return;
      await this.rotations.set({
        ...rotation,
        firstUsedAt: this.clock.instant(),
        previousValidUntil: this.endOf(rotation),
      });
      await this.revisions.bump('api_keys');
    });
  }

  /** The key whose old value this is, and until when; null when it is nobody's, or over. */
  async findByOldValue(digests: readonly string[]): Promise<{ apiKeyId: number; validUntil: Instant } | null> {
    const rotation = await this.rotations.findByPreviousDigests(digests);
    if (!rotation || this.isOver(rotation)) return null;
    return { apiKeyId: rotation.apiKeyId, validUntil: rotation.previousValidUntil };
  }

  /** Of these digests the ones that are old values which still work, and whose. */
  async listByOldValues(digests: readonly string[]): Promise<{ digest: string; apiKeyId: number }[]> {
    const rotations = await this.rotations.listByPreviousDigests(digests);
    return rotations
      .filter((rotation) => !this.isOver(rotation))
      .map(({ previousDigest, apiKeyId }) => ({ digest: previousDigest, apiKeyId }));
  }

  /** Returns a sentence for the job's record. */
  async removeOver(): Promise<string> {
    const removed = await this.database.transaction(() => this.rotations.removeOver(this.clock.instant()));
    return `${removed} rotations ended`;
  }

  private begin(key: ApiKey, request: RegenerateApiKeyRequest): ApiKeyRotation | null {
    const { grace_period_seconds: grace, retire_seconds_after_first_use: retire, deadline } = request;
    if (grace !== undefined && retire !== undefined) {
      throw InvalidInput.field('/retire_seconds_after_first_use', 'give this or grace_period_seconds, not both');
    }
    if (deadline !== undefined && retire === undefined) {
      throw InvalidInput.field('/deadline', 'goes with retire_seconds_after_first_use');
    }
    if (!grace && retire === undefined) return null;
    const until = grace ? this.clock.instant(grace * SECOND) : (deadline ?? this.latestEnd(key));
    this.assertEnd(until, key, grace ? '/grace_period_seconds' : '/deadline');
    return {
      apiKeyId: key.apiKeyId,
      previousDigest: key.digest ?? '',
      previousPepperVersion: key.pepperVersion,
      previousMask: key.mask,
      previousValidUntil: until,
      retireSecondsAfterFirstUse: retire ?? null,
      firstUsedAt: null,
      created: this.clock.instant(),
    };
  }

  /** Nobody's old value lives on for ever, also when the new one is never used. */
  private latestEnd({ expiryDate }: ApiKey): Instant {
    const latest = this.clock.instant(LONGEST_MS);
    return expiryDate !== null && expiryDate < latest ? expiryDate : latest;
  }

  private assertEnd(until: Instant, key: ApiKey, pointer: string): void {
    if (until <= this.clock.instant()) throw InvalidInput.field(pointer, 'lies in the past');
    if (key.expiryDate !== null && until > key.expiryDate) {
      const errors = [{ pointer, detail: `must end no later than the key itself, at ${key.expiryDate}` }];
      throw new RuleBroken(ApiKeyErrors.graceTooLong, { expiry: key.expiryDate }, { errors });
    }
    const latest = this.latestEnd(key);
    if (until > latest) throw InvalidInput.field(pointer, `must be no later than ${latest}: at most 365 days from now`);
  }

  private assertMayRegenerate({ key, status }: ApiKeyView): void {
    if (key.isProtected) throw new Conflict(ApiKeyErrors.protected, { id: key.apiKeyId });
    if (status === 'expired') throw new Conflict(ApiKeyErrors.extendFirst, { id: key.apiKeyId });
  }

  private endOf({ retireSecondsAfterFirstUse, previousValidUntil }: ApiKeyRotation): Instant {
    if (retireSecondsAfterFirstUse === null) return previousValidUntil;
    const retired = this.clock.instant(retireSecondsAfterFirstUse * SECOND);
    return previousValidUntil < retired ? previousValidUntil : retired;
  }

  private live(rotation: ApiKeyRotation | null, apiKeyId: number): ApiKeyRotation {
    if (!rotation || this.isOver(rotation)) throw new NotFound(ApiKeyErrors.noRotation, { id: apiKeyId });
    return rotation;
  }

  private isOver({ previousValidUntil }: ApiKeyRotation): boolean {
    return previousValidUntil <= this.clock.instant();
  }
}
