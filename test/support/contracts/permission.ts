import { PermissionCatalogue } from '../../../src/rbac/permission-catalogue.js';
import { expectProblem } from '../expect-problem.js';
import { asApiKey, type KeyHolder } from '../principals.js';
import { type AppOf, nameOf, request, type Route } from './route.js';

/**
 * No other permission opens the route: a key that holds all but the one that is demanded (and those that are narrower forms
 * of it, and admin) is told which one it lacks, through either header. The catalogue's test lists what is a form of what.
 */
export function itNeedsPermission(app: AppOf, permission: string, routes: readonly Route[]): void {
  let holder: KeyHolder | undefined;

  it.each(routes.map((route) => [nameOf(route), route] as const))(
    `403 naming ${permission}, whatever else is held: %s`,
    async (_, route) => {
      const all = app().get(PermissionCatalogue).list();
      const { action, subject } = all.find(({ identifier }) => identifier === permission) ?? {};
      const others = all.filter(
        (it) => it.subject !== subject || ![it.action, ...(it.also ?? [])].includes(action ?? ''),
      );
      holder ??= await asApiKey(
        app(),
        others.map(({ identifier }) => identifier).filter((identifier) => identifier !== 'admin'),
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
