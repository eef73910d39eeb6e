import { definePermissions } from '../common/permissions.js';

export const AuditPermissions = definePermissions('AuditLog', {
  view: { identifier: 'view_audit_log', action: 'view', description: 'Read change records and access records.' },
  export: {
    identifier: 'export_audit_log',
    action: 'export',
    description: 'Export change records and access records.',
  },
  verify: {
    identifier: 'verify_audit_log',
    action: 'verify',
    description: 'Check that no change record was tampered with.',
  },
});
