import type { Request } from '../machine/wrk.ts';
import { ADMIN } from './product.ts';

export interface NewKey {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly customer_ids?: readonly number[];
  readonly rate_limit?: number;
}

const NEW_LINE = 10;

/** Asks the product single questions, as its administrator. */
export class Client {
  readonly url: string;
  private token = '';

  private constructor(url: string) {
    this.url = url;
  }

  static async of(url: string): Promise<Client> {
    const client = new Client(url);
    await client.logIn();
    return client;
  }

  /** A token lives for a quarter of an hour, which a whole run exceeds. */
  async logIn(): Promise<string> {
    const { token } = await answer<{ token: string }>(this.url, {
      method: 'POST',
      path: '/crm/auth/login',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ADMIN),
    });
    this.token = token;
    return token;
  }

  get<Body>(path: string, requestId?: string): Promise<Body> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (requestId !== undefined) headers['x-request-id'] = requestId;
    return answer(this.url, { path, headers });
  }

  /** Reads an answer of any length to its end and says how many lines it had. */
  async drain(path: string): Promise<number> {
    const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
    if (!response.ok || !response.body) throw new Error(`${path}: ${response.status}`);
    let lines = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      for (let at = chunk.indexOf(NEW_LINE); at >= 0; at = chunk.indexOf(NEW_LINE, at + 1)) lines += 1;
    }
    return lines;
  }

  change<Body>(method: string, path: string, body: object): Promise<Body> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    return answer(this.url, { method, path, headers, body: JSON.stringify(body) });
  }

  async makeKey(key: NewKey): Promise<string> {
    return (await this.change<{ api_key: string }>('POST', '/crm/api-keys', key)).api_key;
  }
}

/** One request, which must succeed. */
export async function answer<Body>(url: string, request: Request): Promise<Body> {
  const response = await send(url, request);
  if (!response.ok) throw new Error(`${request.path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Body;
}

/** One request as the load generator would send it. */
export function send(url: string, { method = 'GET', path, headers = {}, body }: Request): Promise<Response> {
  const asked = path.replace(/\{id:\d+\}/, '1');
  const sent = body === undefined || body === '' ? {} : { body: body.replaceAll('{n}', '0') };
  return fetch(url + asked, { method, headers, ...sent });
}
