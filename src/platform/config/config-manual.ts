import { z } from 'zod';
import { configFileSchema } from './config.schema.js';
import { environmentSchema } from './environment.js';

/** A schema as JSON Schema tells it: what the manual needs of it. */
interface Description {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Description[];
  readonly properties?: Record<string, Description>;
  readonly items?: Description;
  readonly additionalProperties?: Description | boolean;
}

const PREFACE = `# Configuration

This page is made from the descriptions in the code; change them there.

Everything is checked at the start: every problem is listed at once, with its line, and nothing starts until all are mended.

## Environment

All optional. An empty value counts as unset. Read once, at the start.

`;

const FILE_PREFACE = `
## crm_config.yaml

Every section is optional; an unknown name is refused. The file is read again when it changes: a change that is sound is in
force within a second or two, anything wrong keeps the last good settings and is logged. \`crm_config.example.yaml\` shows every setting.
`;

/** docs/config.md: the operator's manual, from the descriptions of the schemas. */
export function configManual(): string {
  const environment = describe(environmentSchema).properties ?? {};
  const sections = Object.entries(describe(configFileSchema).properties ?? {});
  return [
    PREFACE,
    table('Variable', environment),
    FILE_PREFACE,
    ...sections.map(([name, schema]) => section(name, schema)),
  ].join('');
}

function section(name: string, schema: Description): string {
  const entries =
    schema.items ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
  const fields = schema.properties ?? entries?.properties;
  const heading = `\n### ${name}\n\n${schema.description ?? ''}\n`;
  const note = entries?.description ? `\n${entries.description}\n` : '';
  if (fields) return `${heading}${note}\n${table('Setting', fields)}`;
  return `${heading}\nDefault: ${defaultOf(schema)}\n`;
}

function table(kind: string, fields: Record<string, Description>): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    return `| \`${name}\` | ${cell(field.description ?? '')} | ${defaultOf(field)} |\n`;
  });
  return `| ${kind} | Meaning | Default |\n|---|---|---|\n${rows.join('')}`;
}

function defaultOf(field: Description): string {
  if (field.default === undefined || field.default === null) return '—';
  return typeof field.default === 'string' ? `\`${field.default}\`` : `\`${JSON.stringify(field.default)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function describe(schema: z.ZodType): Description {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Description;
}
