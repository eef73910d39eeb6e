import { PermissionCatalogue } from '../../../src/rbac/permission-catalogue.js';
import { expectProblem } from '../expect-problem.js';
import { asApiKey, type KeyHolder } from '../principals.js';
import { type AppOf, nameOf, request, type Route } from './route.js';

/**
 * No other permission opens the route: a key that holds all but the one that is demanded (and its `own` form, and admin)
 * is told which one it lacks, through either header.
 */
export function itNeedsPermission(app: AppOf, permission: string, routes: readonly Route[]): void {
  let holder: KeyHolder | undefined;

  it.each(routes.map((route) => [nameOf(route), route] as const))(
    `403 naming ${permission}, whatever else is held: %s`,
    async (_, route) => {
      const opens = new Set(['admin', permission, permission.replace(/^([a-z]+)_/, '$1_own_')]);
      const all = app()
        .get(PermissionCatalogue)
        .list()
        .map(({ identifier }) => identifier);
      holder ??= await asApiKey(
        app(),
        all.filter((identifier) => !opens.has(identifier)),
      );
      for (const headers of [holder.headers, { authorization: `Bearer ${holder.key}` }]) {
        const answer = await request(app(), route, headers);
        const problem = expectProblem(answer, 403, 'rbac.missing_permission');
        expect(problem.missing_permissions).toEqual([permission]);
        expect(answer.headers['www-authenticate']).toBe(`Bearer error="insufficient_scope", scope="${permission}"`);
      }
    },
  );
}
