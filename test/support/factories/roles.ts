import type { Repository } from 'typeorm';
import { Clock } from '../../../src/common/clock.js';
import { fold, searchText } from '../../../src/common/text.js';
import { Database } from '../../../src/platform/database/database.js';
import { Revisions } from '../../../src/platform/database/revisions.js';
import { Role } from '../../../src/rbac/role.entity.js';
import type { TestApp } from '../app.js';

let counter = 0;

/** A role with just these permissions; returns its name. */
export async function aRole(app: TestApp, permissions: readonly string[], name?: string): Promise<string> {
  counter += 1;
  const called = name ?? `Role ${counter}`;
  const now = app.get(Clock).instant();
  await change(app, (roles) =>
    roles.insert({
      name: called,
      nameKey: fold(called),
      description: null,
      permissions: [...permissions],
      searchText: searchText(called),
      isBuiltIn: false,
      version: 1,
      created: now,
      updated: now,
    }),
  );
  return called;
}

/** Gives a role other permissions, as an administrator would. */
export async function regrant(app: TestApp, name: string, permissions: readonly string[]): Promise<void> {
  await change(app, (roles) => roles.update({ nameKey: fold(name) }, { permissions: [...permissions] }));
}

async function change(app: TestApp, work: (roles: Repository<Role>) => Promise<unknown>): Promise<void> {
  const database = app.get(Database);
  await database.transaction(async () => {
    await work(database.repository(Role));
    await app.get(Revisions).bump('roles');
  });
}
