import type { Request } from '../machine/wrk.ts';
import { type Client, type NewKey, send } from '../systems/client.ts';
import { clientOf, type Stage, type SystemName } from '../systems/stage.ts';

type Headers = Record<string, string>;

/** Every thirtieth of the first customers: enough of them for a page of 25. */
const OWN = Array.from({ length: 100 }, (_, index) => 1 + index * 30);

/** What the load generator proves itself by; each key is made once. */
export class Credentials {
  private readonly stage: Stage;
  private readonly system: SystemName;
  private readonly keys = new Map<string, Promise<string>>();
  private known: Promise<Client> | undefined;

  constructor(stage: Stage, system: SystemName) {
    this.stage = stage;
    this.system = system;
  }

  client(): Promise<Client> {
    return (this.known ??= clientOf(this.stage, this.system));
  }

  async key(): Promise<Headers> {
    return { 'x-api-key': await this.made({ name: 'All', permissions: ['view_customer', 'create_customer'] }) };
  }

  async ownKey(): Promise<Headers> {
    const key = { name: 'Own', permissions: ['view_own_customer'], customer_ids: OWN };
    return { 'x-api-key': await this.made(key) };
  }

  /** One letter off, as people mistype. */
  async wrongKey(): Promise<Headers> {
    const { 'x-api-key': key = '' } = await this.key();
    return { 'x-api-key': key.slice(0, -10) + (key.at(-10) === 'x' ? 'y' : 'x') + key.slice(-9) };
  }

  async token(): Promise<Headers> {
    return { authorization: `Bearer ${await (await this.client()).logIn()}` };
  }

  /** A key that has had its one request of this minute. */
  async usedUp(path: string): Promise<Request> {
    const key = await this.made({ name: 'Limited', permissions: ['view_customer'], rate_limit: 1 });
    const request = { path, headers: { 'x-api-key': key } };
    await send((await this.client()).url, request);
    return request;
  }

  private made(key: NewKey): Promise<string> {
    const known = this.keys.get(key.name) ?? this.client().then((client) => client.makeKey(key));
    this.keys.set(key.name, known);
    return known;
  }
}
