import { Injectable } from '@nestjs/common';
import { Forbidden, type FieldProblem, InvalidInput } from '../common/errors.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { fold } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { opens } from './ability.service.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { PresentGivers } from './present-givers.js';
import { RbacErrors } from './rbac.errors.js';
import { RoleDirectory } from './role-directory.js';
import type { Role } from './role.entity.js';

export interface Wanted {
  readonly permissions?: readonly string[];
  /** Role names, in any letter case. */
  readonly roles?: readonly string[];
}

export interface Granted {
  readonly permissions: string[];
  readonly roles: Role[];
}

/** Nobody grants what they do not hold (R7): the one gate that every key, token, role and user passes through. */
@Injectable()
export class GrantsService {
  constructor(
    private readonly catalogue: PermissionCatalogue,
    private readonly directory: RoleDirectory,
    private readonly audit: AuditService,
    private readonly givers: PresentGivers,
  ) {}

  /** The giver as it is now, which stays so until the open transaction ends; 401 when it is let in no more. */
  present(giver: Principal): Promise<Principal> {
    return this.givers.of(giver);
  }

  /**
   * Resolves what is asked for, for a receiver that will act for these customers: 400 names what does not exist, 403 what
   * the giver lacks.
   */
  async resolve(giver: Principal, wanted: Wanted, customerIds: readonly number[]): Promise<Granted> {
    const granted = await this.resolveNames(wanted);
    const identifiers = [...granted.permissions, ...granted.roles.flatMap((role) => role.permissions)];
    await this.assertHolds(giver, identifiers, customerIds);
    return granted;
  }

  /** Refuses, and records the attempt, unless the giver holds all of these for all of these customers. */
  async assertHolds(giver: Principal, identifiers: readonly string[], customerIds: readonly number[]): Promise<void> {
    const lacking = this.lacking(giver, identifiers, customerIds);
    if (lacking.length === 0) return;
    await this.audit.recordSecurity({ event: 'authz_fail', subject: null, after: { refused_grants: lacking } }, giver);
    throw new Forbidden(RbacErrors.cannotGrant, { permissions: lacking.join(', ') }, { missingPermissions: lacking });
  }

  /** Which of these the principal does not hold for these customers, sorted. */
  lacking(principal: Principal, identifiers: readonly string[], customerIds: readonly number[]): string[] {
    return [...new Set(identifiers)].filter((identifier) => !this.holds(principal, identifier, customerIds)).sort();
  }

  /**
   * Holding `view_customer` covers giving `view_own_customer` for anybody, and `view_basic_customer`; holding the own one
   * covers giving it for one's own customers. What stands for several actions is covered one by one.
   */
  private holds(
    { permissions, customerIds: own }: Principal,
    identifier: string,
    customerIds: readonly number[],
  ): boolean {
    if (permissions.has('admin')) return true;
    const wanted = this.catalogue.find(identifier);
    if (!wanted || (!wanted.own && permissions.has(identifier))) return permissions.has(identifier);
    const isOurs = customerIds.every((customerId) => own.includes(customerId));
    const held = [...permissions].map((it) => this.catalogue.find(it)).filter((it) => it !== undefined);
    const wide = held.filter((it) => it.subject === wanted.subject && (!it.own || (wanted.own && isOurs)));
    return (wanted.also ?? [wanted.action]).every((action) =>
      wide.some((it) => opens(it, action) && coversFields(it, wanted)),
    );
  }

  private async resolveNames({ permissions = [], roles = [] }: Wanted): Promise<Granted> {
    const problems: FieldProblem[] = [];
    permissions.forEach((identifier, index) => {
      if (!this.catalogue.has(identifier)) {
        problems.push({
          pointer: `/permissions/${index}`,
          detail: `there is no permission ${identifier}; see GET /crm/permissions`,
        });
      }
    });
    const byName = new Map((await this.directory.all()).map((role) => [role.nameKey, role]));
    const found = roles.map((name, index) => {
      const role = byName.get(fold(name));
      if (!role) problems.push({ pointer: `/roles/${index}`, detail: `there is no role ${name}; see GET /crm/roles` });
      return role;
    });
    if (problems.length > 0) throw InvalidInput.fields(problems);
    // A role that is named twice, in two spellings, is given once.
    return { permissions: [...permissions], roles: [...new Set(found.filter((role) => role !== undefined))] };
  }
}

function coversFields({ fields: held }: PermissionDefinition, { fields: wanted }: PermissionDefinition): boolean {
  return !held || (wanted?.every((field) => held.includes(field)) ?? false);
}
