import { listResponse, listResponseOf } from './page.js';

class ThingResponse {}

describe('listResponse', () => {
  const rows = [1, 2];

  it('presents each row, and the total only when there is one', () => {
    const page = { rows, limit: 2, nextCursor: 'x' };
    expect(listResponse(page, (row) => ({ row }))).toEqual({
      data: [{ row: 1 }, { row: 2 }],
      page: { limit: 2, next_cursor: 'x' },
    });
    expect(listResponse({ ...page, total: 0 }, String).page).toEqual({ limit: 2, next_cursor: 'x', total: 0 });
  });

  it('hands a row alone to what presents it, not its place in the list', () => {
    const seen: unknown[][] = [];
    listResponse({ rows, limit: 2, nextCursor: null }, (...given: unknown[]) => seen.push(given));
    expect(seen).toEqual([[1], [2]]);
  });
});

it('listResponseOf names the list by its items', () => {
  expect(listResponseOf(ThingResponse).name).toBe('ThingList');
});
