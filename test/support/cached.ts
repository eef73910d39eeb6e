import type { Answer, TestApp } from './app.js';
import { expectProblem } from './expect-problem.js';
import { asApiKey, type Credentials } from './principals.js';

/** One request that stands on the right in question. */
export type Use = () => Promise<Answer>;

/** Makes every use twice: the first fills the caches, the second is answered out of them. */
export async function warm(...uses: readonly Use[]): Promise<void> {
  for (const use of [...uses, ...uses]) expect((await use()).status).toBe(200);
}

/** Each of them at its very next request. */
export async function expectEach(uses: readonly Use[], status: number, code?: string): Promise<void> {
  for (const use of uses) {
    if (status < 400) expect((await use()).status).toBe(status);
    else expectProblem(await use(), status, code);
  }
}

/** A key by the two headers that it may come in: to a cache they are two credentials. */
export function eitherHeader(key: string): [Credentials, Credentials] {
  return [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }];
}

/** Requests that use rights, and an administrator's requests that take them away. */
export class Rights {
  private constructor(
    private readonly app: TestApp,
    private readonly admin: Credentials,
  ) {}

  static async of(app: TestApp): Promise<Rights> {
    return new Rights(app, (await asApiKey(app, ['admin'])).headers);
  }

  using(headers: Credentials, path = '/crm/customers'): Use {
    return () => this.app.ask('GET', path, { headers });
  }

  usingKey(key: string, path?: string): Use[] {
    return eitherHeader(key).map((headers) => this.using(headers, path));
  }

  usingAddress(from: string, path = '/crm/customers'): Use {
    return () => this.app.ask('GET', path, { from });
  }

  /** Makes a change, which succeeds; the administrator makes it unless somebody else is named. */
  async change(method: string, path: string, body?: object, headers = this.admin): Promise<any> {
    const answer = await this.app.ask(method, path, { headers, ...(body ? { body } : {}) });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  /** A key made by whoever presents these headers. */
  async keyBy(headers: Credentials, body: object): Promise<string> {
    return (await this.change('POST', '/crm/api-keys', { name: 'A key', ...body }, headers)).api_key as string;
  }
}
