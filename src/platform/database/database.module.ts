import { type DynamicModule, Global, Module } from '@nestjs/common';
import { Database } from './database.js';
import { JsonRows } from './json-rows.js';
import { NewRows } from './new-rows.js';
import { Revisions } from './revisions.js';
import { Rows } from './rows.js';

@Global()
@Module({})
export class DatabaseModule {
  /** The database is opened and migrated before Nest starts, so that what is wrong with it is one plain line. */
  static forRoot(database: Database): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [{ provide: Database, useValue: database }, JsonRows, NewRows, Revisions, Rows],
      exports: [Database, JsonRows, NewRows, Revisions, Rows],
    };
  }
}
