import { Injectable } from '@nestjs/common';
import { type ErrorDefinition, Forbidden } from '../common/errors.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AbilityService, type OwnedRow, subjectsOf } from './ability.service.js';
import { covers, RowScopes } from './row-scope.js';

/** What somebody sees of a row whose rules leave fields out: those that one of the rules for this very row covers. */
type Mask = <Shown extends object>(shown: Shown, row: OwnedRow) => Shown;

/**
 * Rights that cover only some fields of a row (R8). What is not covered is not there: absent from answers, 403 to write,
 * and out of the reach of search and order, which would tell it in other words.
 */
@Injectable()
export class FieldMasks {
  private readonly masks = new WeakMap<Principal, Map<PermissionDefinition, Mask | null>>();

  constructor(
    private readonly abilities: AbilityService,
    private readonly scopes: RowScopes,
  ) {}

  /**
   * Makes answers of rows for this reader: `from` itself where no rule leaves anything out, so that a list of those who
   * see all costs nothing more.
   */
  presenter<Row, Shown extends object>(
    reader: Principal,
    permission: PermissionDefinition,
    from: (row: Row) => Shown,
    ownerOf: (row: Row) => OwnedRow,
  ): (row: Row) => Shown {
    const mask = this.maskOf(reader, permission);
    return mask ? (row) => mask(from(row), ownerOf(row)) : from;
  }

  /** Whether the field is shown in every row that is: only then may a list be put in order by it. */
  showsEverywhere(reader: Principal, permission: PermissionDefinition, field: string): boolean {
    return covers(this.scopes.for(reader, permission, field), this.scopes.for(reader, permission));
  }

  /** The fields of the request that the writer's rights over this very row leave out. */
  barred(writer: Principal, permission: PermissionDefinition, row: OwnedRow, request: object): string[] {
    const given = Object.entries(request).filter(([, value]) => value !== undefined);
    return given.map(([name]) => name).filter((name) => !this.abilities.may(writer, permission, row, name));
  }

  private maskOf(reader: Principal, permission: PermissionDefinition): Mask | null {
    const known = this.masks.get(reader) ?? new Map<PermissionDefinition, Mask | null>();
    this.masks.set(reader, known);
    let mask = known.get(permission);
    if (mask === undefined) {
      mask = this.newMask(reader, permission);
      known.set(permission, mask);
    }
    return mask;
  }

  /** Null where there is nothing to leave out, or a rule that covers every field of every row. */
  private newMask(reader: Principal, { action, subject }: PermissionDefinition): Mask | null {
    const rules = this.abilities.for(reader).rulesFor(action, subject);
    if (rules.every((rule) => !rule.fields) || rules.some((rule) => !rule.fields && !rule.conditions)) return null;
    return (shown, row) => {
      const seen = subjectsOf(subject, row);
      const reached = rules.filter((rule) => seen.every((it) => rule.matchesConditions(it)));
      // Who makes a row without a right to see it is shown what they said themselves.
      if (reached.length === 0) return shown;
      const left = { ...shown };
      for (const field of Object.keys(shown)) {
        if (!reached.some((rule) => rule.matchesField(field))) Reflect.deleteProperty(left, field);
      }
      return left;
    };
  }
}

/** 403 that names each field where it stands in the request. */
export function fieldsForbidden(
  error: ErrorDefinition,
  { identifier }: PermissionDefinition,
  fields: readonly string[],
): Forbidden {
  return new Forbidden(
    error,
    { fields: fields.join(', ') },
    {
      missingPermissions: [identifier],
      errors: fields.map((name) => ({ pointer: `/${name}`, detail: 'you may not change this' })),
    },
  );
}
