import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { configManual } from './config-manual.js';
import { loadConfig } from './config.loader.js';
import { settingNames } from './config.schema.js';
import { environmentSchema } from './environment.js';

const root = join(__dirname, '../../..');
const example = readFileSync(join(root, 'crm_config.example.yaml'), 'utf8');
const variables = Object.keys(environmentSchema.shape);
const settings = settingNames().flatMap((section) => [section, ...settingNames(section)]);

describe('the manual', () => {
  it('has a sentence and a default for every variable and every setting', () => {
    const manual = configManual();
    for (const name of [...variables, ...settings.filter((name) => !settingNames().includes(name))]) {
      expect(manual).toMatch(new RegExp(`^\\| \`${name}\` \\| \\S.{10,} \\| .+ \\|$`, 'm'));
    }
    for (const section of settingNames()) expect(manual).toMatch(new RegExp(`^### ${section}\n\n\\S.{10,}\n`, 'm'));
    expect(manual).toContain('| `CRM_PORT` | Port to listen on; 0 takes any free one. | `3000` |');
    expect(manual).not.toContain('undefined');
  });
});

describe('the shipped example', () => {
  const load = (text: string | null) => loadConfig({ text, file: 'crm_config.yaml', environment: {} });

  it('names every setting', () => {
    expect(settings.filter((name) => !new RegExp(`\\b${name}\\b`).test(example))).toEqual([]);
  });

  it('starts the server with the defaults, but for the roles of bare addresses (spec: rule 14)', () => {
    const { ipWhitelistDefaultRoles, environment: _environment, ...rest } = load(example);
    const { ipWhitelistDefaultRoles: _none, environment: _defaults, ...defaults } = load(null);
    expect(ipWhitelistDefaultRoles).toEqual(['view_customer', 'view_service']);
    // Where a name stands in the file is no setting.
    const plain = (config: object): unknown =>
      JSON.parse(JSON.stringify(config, (name, value: unknown) => (name === 'line' ? undefined : value)));
    expect(plain(rest)).toEqual(plain(defaults));
  });

  it('loads with its commented addresses too', () => {
    const entries = /^# ip_whitelist:\n(?:# .*\n)+/m.exec(example)?.[0].replaceAll(/^# /gm, '') ?? '';
    expect(load(entries).ipWhitelist.map((entry) => entry.range.toString())).toEqual([
      '192.168.1.100',
      '10.0.0.0/24',
      '172.16.50.10',
    ]);
  });
});

describe('.env.example', () => {
  it('names every variable, all commented out, and no other', () => {
    const text = readFileSync(join(root, '.env.example'), 'utf8');
    expect(Array.from(text.matchAll(/^# (CRM_\w+)=/gm), (match) => match[1])).toEqual(variables);
    expect(text).not.toMatch(/^[^#\n]/m);
  });
});
