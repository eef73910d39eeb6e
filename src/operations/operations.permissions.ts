import { definePermissions } from '../common/permissions.js';

export const SettingPermissions = definePermissions('Setting', {
  view: { identifier: 'view_setting', action: 'view', description: 'Read run-time settings.' },
  update: { identifier: 'update_setting', action: 'update', description: 'Change run-time settings.' },
});

export const JobPermissions = definePermissions('Job', {
  view: { identifier: 'view_job', action: 'view', description: 'See scheduled jobs and how their last run went.' },
  run: { identifier: 'run_job', action: 'run', description: 'Run a scheduled job now.' },
});

export const MetricsPermissions = definePermissions('Metrics', {
  view: { identifier: 'view_metrics', action: 'view', description: 'Read the metrics, e.g. with Prometheus.' },
});
