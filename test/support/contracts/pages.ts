import type { TestApp } from '../app.js';
import { expectProblem, pointers } from '../expect-problem.js';
import type { Credentials } from '../principals.js';
import type { AppOf } from './route.js';

export interface PagedList<Row = any> {
  readonly path: string;
  /** The field that breaks ties. */
  readonly id: string;
  readonly as: () => Credentials;
  /** Each name to sort by, and what it compares; rows without a value come last. */
  readonly sorts: Readonly<Record<string, (row: Row) => string | number | null>>;
  readonly defaultSort: string;
  /** A filter: narrowed by it, rows come by another way and yet in the same order. */
  readonly filter?: string;
}

/** Every row once, in a total order, whatever the size of a page; anything malformed is 400 and named. */
export function itPaginates(app: AppOf, list: PagedList): void {
  const ask = (query: string) => app().ask('GET', `${list.path}?${query}`, { headers: list.as() });
  const names = Object.keys(list.sorts).flatMap((name) => [name, `-${name}`]);

  it.each(names)('200 sort=%s: every row once, in a total order, on pages of any size', async (sort) => {
    const whole = await walk(app(), list, `sort=${sort}&limit=100`);
    const expected = whole.toSorted(comparison(list, sort));
    expect(whole.map((row) => row[list.id])).toEqual(expected.map((row) => row[list.id]));
    for (const limit of [1, 7]) {
      const paged = await walk(app(), list, `sort=${sort}&limit=${limit}`);
      expect(paged).toEqual(whole);
    }
    if (list.filter === undefined) return;
    const ids = whole.map((row) => row[list.id] as number);
    const narrowed = await walk(app(), list, `sort=${sort}&limit=3&${list.filter}`);
    const places = narrowed.map((row) => ids.indexOf(row[list.id] as number));
    expect(places.length).toBeGreaterThan(3);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it(`200 by ${list.defaultSort} and 25 to a page when nothing is said`, async () => {
    const answer = await app().ask('GET', list.path, { headers: list.as() });
    expect(answer.body.page).toEqual({ limit: 25, next_cursor: answer.body.page.next_cursor });
    expect(answer.body.data).toEqual((await ask(`sort=${list.defaultSort}&limit=25`)).body.data);
  });

  it('200 with the total only when it is asked for', async () => {
    const whole = await walk(app(), list, 'limit=100');
    expect((await ask('limit=1&count=true')).body.page.total).toBe(whole.length);
    expect((await ask('limit=1&count=false')).body.page).not.toHaveProperty('total');
  });

  it.each(['0', '101', '-1', 'abc', '1e1', '', '1.5', '0x10', '%2B5', '9007199254740993', '%00'])(
    '400 limit=%s',
    async (limit) => {
      const answer = await ask(`limit=${limit}`);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/limit']);
    },
  );

  it.each(['limit=1&limit=2', 'count=1', 'count=', 'count=true&count=true', 'sort=', 'sort=password_digest'])(
    '400 %s',
    async (query) => {
      const answer = await ask(query);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual([`/${query.split('=', 1)[0]}`]);
    },
  );

  it('400 naming each unknown parameter, beside every other problem', async () => {
    const answer = await ask('limit=0&offset=5&__proto__=1&constructor=2&toString=3&sort=secret');
    expectProblem(answer, 400, 'request.invalid');
    const expected = ['/__proto__', '/constructor', '/limit', '/offset', '/sort', '/toString'];
    expect(pointers(answer).toSorted()).toEqual(expected);
  });

  it('400 for a cursor that is empty, bent, lengthened or of another sort', async () => {
    const first = await ask(`limit=1&sort=${list.defaultSort}`);
    const cursor = String(first.body.page.next_cursor);
    const [payload = '', mac = ''] = cursor.split('.');
    const forged = Buffer.from(JSON.stringify([list.defaultSort, 0, 0])).toString('base64url');
    const bent = ['', 'x', '.', `${cursor}x`, `${cursor}.x`, `x${cursor}`, payload, `.${mac}`, `${forged}.${mac}`];
    for (const wrong of bent) {
      const answer = await ask(`sort=${list.defaultSort}&cursor=${wrong}`);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/cursor']);
    }
    for (const sort of names.filter((name) => name !== list.defaultSort)) {
      const answer = await ask(`sort=${sort}&cursor=${cursor}`);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/cursor']);
    }
  });
}

/** All rows of a list, page after page. */
export async function walk(app: TestApp, list: Pick<PagedList, 'path' | 'as'>, query: string): Promise<any[]> {
  const rows: any[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const answer = await app.ask('GET', `${list.path}?${query}${after}`, { headers: list.as() });
    if (answer.status !== 200) throw new Error(`${query}${after}: ${answer.status} ${answer.text}`);
    rows.push(...answer.body.data);
    cursor = answer.body.page.next_cursor as string | null;
  } while (cursor !== null);
  return rows;
}

/** Texts compare by code point on both databases, which is the order of their UTF-8 bytes. */
function comparison(list: PagedList, sort: string): (a: any, b: any) => number {
  const direction = sort.startsWith('-') ? -1 : 1;
  const valueOf = list.sorts[sort.replace(/^-/, '')] ?? (() => null);
  return (a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (left === null || right === null) {
      if (left !== right) return left === null ? 1 : -1;
    } else if (left !== right) {
      return direction * compare(left, right);
    }
    return direction * (Number(a[list.id]) - Number(b[list.id]));
  };
}

function compare(left: string | number, right: string | number): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return Buffer.compare(Buffer.from(String(left)), Buffer.from(String(right)));
}
