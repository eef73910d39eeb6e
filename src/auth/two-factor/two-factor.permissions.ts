import { definePermissions } from '../../common/permissions.js';

export const TwoFactorPermissions = definePermissions('User', {
  reset: { identifier: 'reset_user_2fa', action: 'reset_2fa', description: "Reset another user's two-factor." },
});
