import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openApiDocument } from './api-document.js';
import { createApp, lay } from './app.setup.js';
import { errorsManual, metricsManual, permissionsManual } from './manuals.js';
import { configManual } from './platform/config/config-manual.js';
import { LiveConfig } from './platform/config/live-config.js';
import { Metrics } from './platform/metrics/metrics.service.js';
import { PermissionCatalogue } from './rbac/permission-catalogue.js';

/** Writes the documents that are generated from the built application, into docs/ unless told otherwise. */
async function generate(folder: string): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'omnicrm-'));
  const environment = { CRM_DATA_DIR: dataDir, CRM_ADMIN_PASSWORD: 'only for this short life' };
  const config = LiveConfig.fromSource({ file: 'crm_config.yaml', environment, read: () => null });
  const running = await createApp(await lay(config), false);
  const { app } = running;
  const documents = {
    'openapi.json': `${JSON.stringify(openApiDocument(app), null, 2)}\n`,
    'errors.md': errorsManual(),
    'permissions.md': permissionsManual(app.get(PermissionCatalogue).list()),
    'metrics.md': metricsManual(app.get(Metrics).families()),
    'config.md': configManual(),
  };
  await running.close();
  rmSync(dataDir, { recursive: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(documents)) writeFileSync(join(folder, name), text);
}

void generate(process.argv[2] ?? 'docs');
