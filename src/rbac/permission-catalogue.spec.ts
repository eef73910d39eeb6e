import { definePermissions } from '../common/permissions.js';
import { labelOf, PermissionCatalogue } from './permission-catalogue.js';

const Things = definePermissions('Thing', {
  view: { identifier: 'view_thing', action: 'view', description: 'x' },
  create: { identifier: 'create_thing', action: 'create', description: 'x' },
});

describe('PermissionCatalogue', () => {
  it('lists what was declared, in order, and knows nothing else', () => {
    const catalogue = new PermissionCatalogue();
    catalogue.declare(Things);
    catalogue.declare(Things);
    expect(catalogue.list()).toEqual([Things.create, Things.view]);
    expect(['view_thing', 'VIEW_THING', 'toString', '__proto__'].map((name) => catalogue.has(name))).toEqual([
      ...[true, false, false, false],
    ]);
  });

  it('refuses one identifier of two features', () => {
    const catalogue = new PermissionCatalogue();
    catalogue.declare(Things);
    const other = definePermissions('Other', { view: { identifier: 'view_thing', action: 'view', description: 'y' } });
    expect(() => catalogue.declare(other)).toThrow('view_thing is declared twice');
  });

  it('makes a label of an identifier', () => {
    expect(labelOf({ ...Things.view, identifier: 'view_own_payment_method' })).toBe('View own payment method');
  });
});
