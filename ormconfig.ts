import { DataSource } from 'typeorm';
import { entities } from './src/entities.js';
import { LiveConfig } from './src/platform/config/live-config.js';
import { dataSourceOptions } from './src/platform/database/data-source.js';

/** For TypeORM's own command line, e.g. `npm run db:migration`: the same database that the server would use. */
export const dataSource = new DataSource(dataSourceOptions(LiveConfig.fromProcess().current.environment, entities));
