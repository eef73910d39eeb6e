import type { Answer } from '../app.js';
import type { Credentials } from '../principals.js';
import type { AppOf } from './route.js';

export interface OwnedRows {
  readonly path: string;
  /** Somebody who may see only their own rows. */
  readonly as: () => Credentials;
  readonly own: () => number;
  readonly foreign: () => number;
  /** The field of a row that holds its id. */
  readonly id: string;
  /** What else can be done to a single row: `PATCH` with a body, `DELETE`. */
  readonly actions?: readonly { readonly method: string; readonly body?: unknown }[];
}

const ABSENT = 2_000_000_000;

/** A foreign row is nowhere: not in the list, and its id answers to the letter like one that never was. */
export function itHidesForeignRows(app: AppOf, rows: OwnedRows): void {
  const actions = [{ method: 'GET' }, ...(rows.actions ?? [])];

  it('200 with only its own rows in the list and in the total', async () => {
    const answer = await app().ask('GET', `${rows.path}?limit=100&count=true`, { headers: rows.as() });
    const ids = answer.body.data.map((row: Record<string, unknown>) => row[rows.id]) as number[];
    expect(ids).toContain(rows.own());
    expect(ids).not.toContain(rows.foreign());
    expect(answer.body.page.total).toBe(ids.length);
  });

  it.each(actions.map((action) => [action.method, action] as const))(
    '404 for a foreign row as for an absent one, byte for byte: %s',
    async (_, action) => {
      const ask = (id: number) =>
        app().ask(action.method, `${rows.path}/${id}`, { headers: rows.as(), ...withBody(action) });
      const foreign = await ask(rows.foreign());
      expect(foreign.status).toBe(404);
      expect(comparable(foreign, rows.foreign())).toEqual(comparable(await ask(ABSENT), ABSENT));
    },
  );
}

function withBody(action: { readonly body?: unknown }): { body?: unknown } {
  return 'body' in action ? { body: action.body } : {};
}

/** Everything that is answered but the moment, the id that was asked for, and the request's own id. */
function comparable(answer: Answer, id: number): unknown {
  const { date: _, 'x-request-id': requestId, 'content-length': __, ...headers } = answer.headers;
  const text = answer.text.replace(String(requestId), 'REQUEST').replaceAll(new RegExp(`\\b${id}\\b`, 'g'), 'ID');
  return { status: answer.status, headers, text };
}
