/** One row of the catalogue (spec: permissions). Declared beside the feature that it guards. */
export interface PermissionDefinition {
  /** Lower snake case, `<verb>_<noun>`; `own` stands before the noun. */
  readonly identifier: string;
  /** CASL action: view, create, update, delete, or a domain verb. */
  readonly action: string;
  /** CASL subject: a string, so that rules can be stored, listed and sent to a browser. */
  readonly subject: string;
  /** One sentence for the role editor and docs/permissions.md. */
  readonly description: string;
  /** CASL actions that it stands for as well: one right to look after a thing opens several routes. */
  readonly also?: readonly string[];
  /** Narrowed to rows that belong to the principal's customers, and to nobody else. */
  readonly own?: boolean;
  /** Narrowed to these fields of the row (wire names); everything when absent. */
  readonly fields?: readonly string[];
}

type Declaration = Omit<PermissionDefinition, 'identifier' | 'subject'> & { readonly identifier: string };

/** A feature's own list. The same shape everywhere: `CustomerPermissions.view`. */
export function definePermissions<Name extends string>(
  subject: string,
  declarations: Record<Name, Declaration>,
): Record<Name, PermissionDefinition> {
  return Object.fromEntries(
    Object.entries<Declaration>(declarations).map(([name, declaration]) => [name, { ...declaration, subject }]),
  ) as Record<Name, PermissionDefinition>;
}
