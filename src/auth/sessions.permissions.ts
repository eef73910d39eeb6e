import { definePermissions } from '../common/permissions.js';

export const SessionPermissions = definePermissions('User', {
  end: { identifier: 'end_user_session', action: 'end_session', description: "End another user's sessions." },
});
