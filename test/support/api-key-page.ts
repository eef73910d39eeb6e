import { LastUseService } from '../../src/audit/last-use.service.js';
import { type AppOptions, type Answer, TestApp } from './app.js';
import { asAdmin, asApiKey, type Credentials, type KeyHolder } from './principals.js';

export type ListedKey = Record<string, any>;

export interface CreatedKey extends KeyHolder {
  /** What POST answered. */
  readonly shown: ListedKey;
}

/** What an administrator does on the key management page, as the calls that stand behind it. */
export class ApiKeyPage {
  private constructor(
    readonly app: TestApp,
    /** A key, because a token would not live through the days that the clock is moved. */
    readonly admin: Credentials,
  ) {}

  static async open(options: AppOptions = {}): Promise<ApiKeyPage> {
    const app = await TestApp.start(options);
    return new ApiKeyPage(app, (await asApiKey(app, ['admin'], { name: 'Administration' })).headers);
  }

  close(): Promise<void> {
    return this.app.close();
  }

  ask(method: string, path: string, body?: unknown, headers = this.admin): Promise<Answer> {
    return this.app.ask(method, path, { headers, body });
  }

  /** POST as it is answered; what is not said is a key to read customers. */
  post(more: object = {}, headers = this.admin): Promise<Answer> {
    return this.ask('POST', '/crm/api-keys', { name: 'Some key', permissions: ['view_customer'], ...more }, headers);
  }

  async create(more: object = {}, headers = this.admin): Promise<CreatedKey> {
    const { status, text, body } = await this.post(more, headers);
    if (status !== 201) throw new Error(`create: ${status} ${text}`);
    return { apiKeyId: body.api_key_id, key: body.api_key, headers: { 'x-api-key': body.api_key }, shown: body };
  }

  /** The same, by the administrator who logged in: a person. */
  async createAsPerson(more: object = {}): Promise<CreatedKey> {
    return this.create(more, await asAdmin(this.app));
  }

  async details(apiKeyId: number): Promise<ListedKey> {
    return (await this.ask('GET', `/crm/api-keys/${apiKeyId}`)).body;
  }

  async list(query = ''): Promise<ListedKey[]> {
    const { status, text, body } = await this.ask('GET', `/crm/api-keys?limit=100${query && `&${query}`}`);
    if (status !== 200) throw new Error(`list: ${status} ${text}`);
    return body.data;
  }

  async idsOf(query = ''): Promise<number[]> {
    return (await this.list(query)).map((row) => row.api_key_id);
  }

  /** The key's line in the table. */
  async line(apiKeyId: number, query = ''): Promise<ListedKey | undefined> {
    return (await this.list(query)).find((row) => row.api_key_id === apiKeyId);
  }

  async stats(): Promise<Record<string, number>> {
    return (await this.ask('GET', '/crm/api-keys/stats')).body;
  }

  edit(apiKeyId: number, changes: object): Promise<Answer> {
    return this.ask('PATCH', `/crm/api-keys/${apiKeyId}`, changes);
  }

  revoke(apiKeyId: number): Promise<Answer> {
    return this.ask('DELETE', `/crm/api-keys/${apiKeyId}`);
  }

  /** The answer holds the new value. */
  async regenerate(apiKeyId: number, agreed: object = {}): Promise<ListedKey> {
    const { status, text, body } = await this.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`, agreed);
    if (status !== 200) throw new Error(`regenerate: ${status} ${text}`);
    return body;
  }

  async rotation(apiKeyId: number): Promise<ListedKey> {
    return (await this.ask('GET', `/crm/api-keys/${apiKeyId}/rotation`)).body;
  }

  /** What a request to read customers with this key is answered. */
  use(key: string): Promise<Answer> {
    return this.app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } });
  }

  async statusWith(key: string): Promise<number> {
    return (await this.use(key)).status;
  }

  /** When a key was used last is written once a minute; afterwards it is. */
  noteLastUse(): Promise<void> {
    return this.app.get(LastUseService).flush();
  }

  async whoami(headers: Credentials): Promise<ListedKey> {
    return (await this.ask('GET', '/crm/auth/whoami', undefined, headers)).body;
  }

  async addCustomer(customer_name: string): Promise<number> {
    return (await this.ask('POST', '/crm/customers', { customer_name })).body.customer_id;
  }
}
