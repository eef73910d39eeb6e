import { expectProblem } from '../expect-problem.js';
import type { Credentials } from '../principals.js';
import { type AppOf, nameOf, request, type Route } from './route.js';

/** Nobody gets in without a credential, nor with one that we do not know. */
export function itNeedsAuthentication(app: AppOf, routes: readonly Route[]): void {
  it.each(routes.map((route) => [nameOf(route), route] as const))('401 without a credential: %s', async (_, route) => {
    const answer = await request(app(), route);
    expectProblem(answer, 401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it.each(routes.map((route) => [nameOf(route), route] as const))(
    '401 with a key or token that nobody gave out: %s',
    async (_, route) => {
      const strangers: Credentials[] = [{ 'x-api-key': 'x'.repeat(40) }, { authorization: `Bearer ${'y'.repeat(40)}` }];
      for (const headers of strangers) expectProblem(await request(app(), route, headers), 401);
    },
  );
}
