import { Forbidden, InvalidInput, RuleBroken } from '../common/errors.js';
import { IpRange } from '../common/ip-range.js';
import type { Principal } from '../common/principal.js';
import type { ApiKey } from './api-key.entity.js';
import { CreateApiKeyRequest, UpdateApiKeyRequest } from './api-keys.dto.js';
import { ApiKeyErrors } from './api-keys.errors.js';

/** A value that is being replaced may still be used, and no longer manage keys: whoever stole it would undo its end. */
export function assertPresentValue(principal: Principal): void {
  if (principal.isOutdated) throw new Forbidden(ApiKeyErrors.outdatedValue);
}

/** A list with the whole internet in it restricts nothing: whoever wants that says so. */
export function assertNarrow({ allowed_addresses: addresses, force = false }: UpdateApiKeyRequest): void {
  const wide = (addresses ?? []).filter((text) => text.endsWith('/0'));
  if (force || wide.length === 0) return;
  const detail = `holds the whole internet (${wide.join(', ')}): leave it null for anywhere, or send force: true`;
  throw InvalidInput.field('/allowed_addresses', detail);
}

/** A key that makes a key hands on its own limits (K17): what is not said is inherited, what is wider is refused. */
export function withinParent(parent: ApiKey, request: CreateApiKeyRequest): CreateApiKeyRequest {
  assertWithinParent(parent, request);
  return {
    ...request,
    expiry_date: request.expiry_date ?? parent.expiryDate,
    allowed_addresses: request.allowed_addresses ?? parent.allowedAddresses,
    bound_to_creator: parent.isBoundToCreator || (request.bound_to_creator ?? false),
    rate_limit: request.rate_limit ?? parent.rateLimit,
  };
}

/** A key that edits a key cannot set what it could not have given. */
export function assertWithinParent(parent: ApiKey, request: UpdateApiKeyRequest): void {
  const { expiry_date: expiry, allowed_addresses: addresses, bound_to_creator: bound, rate_limit: rate } = request;
  const isLater = exceeds(expiry, parent.expiryDate);
  const isWider = parent.allowedAddresses !== null && !!addresses && !covers(parent.allowedAddresses, addresses);
  const isLoose = parent.isBoundToCreator && bound === false;
  const isFaster = exceeds(rate, parent.rateLimit);
  if (isLater || isWider || isLoose || isFaster) throw new RuleBroken(ApiKeyErrors.beyondParent);
}

/** Null would lift a limit: in an edit that is as wide as can be. */
export function assertLiftsNothing(parent: ApiKey, request: UpdateApiKeyRequest): void {
  const liftsExpiry = parent.expiryDate !== null && request.expiry_date === null;
  const liftsAddresses = parent.allowedAddresses !== null && request.allowed_addresses === null;
  const liftsRate = parent.rateLimit !== null && request.rate_limit === null;
  if (liftsExpiry || liftsAddresses || liftsRate) throw new RuleBroken(ApiKeyErrors.beyondParent);
}

/** A key that gets the value of another one in hand would act as that one: it must be no freer than itself. */
export function assertNoFreer(holder: ApiKey, target: ApiKey): void {
  const limits = {
    expiry_date: target.expiryDate,
    allowed_addresses: target.allowedAddresses,
    bound_to_creator: target.isBoundToCreator,
    rate_limit: target.rateLimit,
  };
  assertWithinParent(holder, limits);
  assertLiftsNothing(holder, limits);
}

function exceeds<Value extends string | number>(wanted: Value | null | undefined, limit: Value | null): boolean {
  return limit !== null && wanted !== undefined && wanted !== null && wanted > limit;
}

function covers(outer: readonly string[], inner: readonly string[]): boolean {
  const ranges = (texts: readonly string[]): IpRange[] =>
    texts.map((text) => IpRange.parse(text)).filter((range) => range instanceof IpRange);
  const outside = ranges(outer);
  return ranges(inner).every((range) => outside.some((candidate) => candidate.covers(range)));
}
