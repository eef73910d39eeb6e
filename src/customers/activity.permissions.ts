import { definePermissions } from '../common/permissions.js';

export const ActivityLogPermissions = definePermissions('ActivityLog', {
  view: { identifier: 'view_activity_log', action: 'view', description: 'Read all activity logs.' },
  create: { identifier: 'create_activity_log', action: 'create', description: 'Create activity logs.' },
  viewOwn: {
    identifier: 'view_own_activity_log',
    action: 'view',
    own: true,
    description: "Read the activity logs of one's own customers.",
  },
});
