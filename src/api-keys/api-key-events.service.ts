import { Injectable } from '@nestjs/common';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { AuditService, type Change, difference } from '../audit/audit.service.js';
import { Revisions } from '../platform/database/revisions.js';
import { Outbox } from '../platform/outbox/outbox.service.js';
import { actorKindOf } from './api-key.principals.js';
import type { ApiKeyView } from './api-key.view.js';

type Details = Readonly<Record<string, unknown>>;

/** What happened to a key by itself: time went by, or somebody used it in an unusual way. */
export interface Announcement {
  /** The verb: `expired`. */
  readonly event: string;
  readonly before?: Details;
  readonly after: Details;
}

/**
 * Tells what happens to keys, in the transaction in which it happens: to the audit log, for whoever asks later, and to the
 * outbox, for whoever wants to be told. An event carries the key as it is shown, never its value; its name begins with the
 * kind of key, `api_key.revoked` or `personal_token.revoked`.
 */
@Injectable()
export class ApiKeyEventsService {
  constructor(
    private readonly audit: AuditService,
    private readonly outbox: Outbox,
    private readonly revisions: Revisions,
  ) {}

  async created(principal: Principal, view: ApiKeyView): Promise<void> {
    const change = { event: 'created', after: snapshot(view) };
    await this.tell(principal, view, change, {});
  }

  /** Ends every edit alike: other nodes drop what they keep, the difference is recorded, with what more there is to say. */
  async changed(
    principal: Principal,
    event: string,
    { before, after }: { readonly before: ApiKeyView; readonly after: ApiKeyView },
    details: Details | null = null,
  ): Promise<void> {
    await this.revisions.bump('api_keys');
    const change = difference(snapshot(before), { ...snapshot(after), ...details }) ?? { before: null, after: null };
    await this.tell(principal, after, { event, ...change }, { changes: change.after, ...details });
  }

  /** By a job: nobody did it. */
  async announced(job: string, view: ApiKeyView, { event, before, after }: Announcement): Promise<void> {
    const change = { event, ...(before ? { before } : {}), after: { name: view.key.name, ...after } };
    await this.tell(systemPrincipal(job), view, change, after);
  }

  private async tell(
    actor: Principal,
    view: ApiKeyView,
    change: Omit<Change, 'subject'>,
    data: Details,
  ): Promise<void> {
    const noun = actorKindOf(view.key);
    const subject = { type: noun, id: view.key.apiKeyId };
    const event = `${noun}.${change.event}`;
    await this.audit.record(actor, { ...change, event, subject });
    const by = { kind: actor.kind, id: actor.id, name: actor.name };
    await this.outbox.publish({ type: event, subject, data: { ...snapshot(view), ...data, by } });
  }
}

/** A key in wire names, as records and events show it. */
export function snapshot({ key, roles, customerIds, status }: ApiKeyView): Record<string, unknown> {
  return {
    name: key.name,
    description: key.description,
    mask: key.mask,
    status,
    expiry_date: key.expiryDate,
    permissions: key.permissions,
    roles: roles.map((role) => role.name),
    customer_ids: [...customerIds],
    rate_limit: key.rateLimit,
    allowed_addresses: key.allowedAddresses,
    bound_to_creator: key.isBoundToCreator,
    protected: key.isProtected,
  };
}
