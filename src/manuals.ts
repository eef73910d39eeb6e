import { declaredErrors } from './common/errors.js';
import type { PermissionDefinition } from './common/permissions.js';
import type { Family } from './platform/metrics/exposition.js';
import { BUILT_IN_ROLES } from './rbac/built-in-roles.js';
import { labelOf } from './rbac/permission-catalogue.js';

/** docs/errors.md: what each `code` of a problem means. */
export function errorsManual(): string {
  const rows = declaredErrors().map(({ code, detail }) => `| \`${code}\` | ${cell(detail)} |`);
  return [
    '# Errors',
    '',
    'Every error is `application/problem+json` (RFC 9457). Its `type` is `urn:omnicrm:problem:` followed by the `code`,',
    'which is stable: switch on it, not on the sentence. Words in braces are filled in.',
    '',
    '| code | what it says |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** docs/permissions.md: the catalogue and the built-in roles. */
export function permissionsManual(catalogue: readonly PermissionDefinition[]): string {
  const rows = catalogue.map(
    (definition) =>
      `| \`${definition.identifier}\` | ${labelOf(definition)} | ${cell(definition.description)} | ${fieldsOf(definition)} |`,
  );
  const roles = BUILT_IN_ROLES.map(
    ({ name, description, permissions }) =>
      `| ${name} | ${cell(description)} | ${permissions.map((identifier) => `\`${identifier}\``).join(' ')} |`,
  );
  return [
    '# Permissions',
    '',
    'Compared without case. Effective rights are the union of direct grants and roles; nothing is ever denied. An `own`',
    'permission reaches the rows of the customers that the principal belongs to. One that covers some fields leaves the others',
    'out of what is read, and refuses to write them.',
    '',
    '| permission | label | what it allows | fields |',
    '|---|---|---|---|',
    ...rows,
    '',
    '## Built-in roles',
    '',
    '| role | for | grants |',
    '|---|---|---|',
    ...roles,
    '',
  ].join('\n');
}

/** docs/metrics.md: what `GET /metrics` tells. */
export function metricsManual(families: readonly Family[]): string {
  const rows = families.map(({ name, type, labels = [], help }) => {
    const words = labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${words} | ${cell(help)} |`;
  });
  return [
    '# Metrics',
    '',
    '`GET /metrics` needs the permission `view_metrics`. How to scrape it, and what to be woken up for:',
    '[watch with Prometheus](how-to/watch-with-prometheus.md). Names with `process_` and `nodejs_` are those that every program',
    'on Node has. Counters begin at 0 with the process; a family that has nothing to tell is left out.',
    '',
    '| name | type | labels | what it tells |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function fieldsOf({ fields }: PermissionDefinition): string {
  return fields ? fields.map((field) => `\`${field}\``).join(' ') : 'all';
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
