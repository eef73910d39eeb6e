import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';
import type { OwnedRow } from './ability.service.js';
import type { RowScope } from './row-scope.js';

/** How the rows of a CASL subject are found by id; the feature that has the rows registers it. */
export interface SubjectSource {
  /** The permission that rows are seen by; its subject is the subject. */
  readonly view: PermissionDefinition;
  /** The name that paths have for the id, such as `customer_id`. */
  readonly parameter: string;
  find(scope: RowScope, id: number): Promise<OwnedRow | null>;
}

/** The subjects whose rows conditions can tell apart. */
@Injectable()
export class SubjectRows {
  private readonly sources = new Map<string, SubjectSource>();

  register(source: SubjectSource): void {
    this.sources.set(source.view.subject, source);
  }

  of(subject: string): SubjectSource | undefined {
    return this.sources.get(subject);
  }
}
