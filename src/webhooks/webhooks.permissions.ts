import { definePermissions } from '../common/permissions.js';

export const WebhookPermissions = definePermissions('Webhook', {
  view: { identifier: 'view_webhook', action: 'view', description: 'Read webhooks and their deliveries.' },
  manage: { identifier: 'manage_webhooks', action: 'manage', description: 'Create, edit, delete and replay webhooks.' },
});
