import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';

/**
 * Every permission there is: the sum of what the features declare. It knows none by itself, so that a feature's rights
 * live beside the feature (design: rbac holds no list of permissions).
 */
@Injectable()
export class PermissionCatalogue {
  private readonly definitions = new Map<string, PermissionDefinition>();

  /** Called by each feature's module. Two features that declare one identifier are a mistake of ours. */
  declare(list: Readonly<Record<string, PermissionDefinition>>): void {
    for (const definition of Object.values(list)) {
      const known = this.definitions.get(definition.identifier);
      if (known && known !== definition) throw new Error(`${definition.identifier} is declared twice`);
      this.definitions.set(definition.identifier, definition);
    }
  }

  find(identifier: string): PermissionDefinition | undefined {
    return this.definitions.get(identifier);
  }

  has(identifier: string): boolean {
    return this.definitions.has(identifier);
  }

  list(): PermissionDefinition[] {
    return [...this.definitions.values()].sort((a, b) => (a.identifier < b.identifier ? -1 : 1));
  }
}

/** "View own customers" is what people tick in a role editor. */
export function labelOf(definition: PermissionDefinition): string {
  const words = definition.identifier.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
