/** Why a question is left without an index of its own: the first that fits. */
const EXCUSES: readonly (readonly [RegExp, string])[] = [
  [/\bcount=true/, 'A total is counted: that reads what it counts, out of the narrowest index, and only for who asks.'],
  [
    /^\/crm\/(?:users|roles|api-keys|personal-tokens)\?.*\bsearch=/,
    'Words are looked for in a table of some thousand rows: 20,000 short texts are read in some 20 ms, and a table of words ' +
      'would cost every write.',
  ],
  [
    /\bsearch=/,
    'A beginning of a word that many customers have: the words come from their index, and all that it finds is read to be ' +
      'put in order. A longer word finds less.',
  ],
  [
    /\b(?:created_from|created_to|from|to)=[^&]*(?:$|&cursor=|&sort=)/,
    'A span of time in another order than time: the list is walked in its order until the page is full, and reads what lies ' +
      'outside of the span on the way. Sorted by time the index serves both.',
  ],
  [
    /^\/crm\/(?:auth\/sessions|api-keys\/advice|personal-tokens\?(?:.*&)?user_id=|api-keys\?(?:.*&)?parent_api_key_id=)|[?&]request_id=/,
    'What belongs to one user, key or request is found by an index, and is so little that sorting it costs nothing.',
  ],
  [
    /^\/crm\/personal-tokens/,
    'Tokens stand in the table of keys, and the list passes over keys of the other kind. With an index of the kinds, SQLite sorts ' +
      'every list of keys instead of walking the index of its sort.',
  ],
  [
    /[?&](?!sort=|cursor=)[a-z_]+=[^&]*&sort=/,
    'A filter with another sort. An index for each pair would be 12 more on every write of a customer. MariaDB walks the ' +
      'sort’s index and stops when the page is full; SQLite, which weighs no limit, sorts what the filter found.',
  ],
  [
    /[?&](?:actor_kind|actor_id|status_class)=/,
    'Several entries of one index hold it, each in order and all of them not: MariaDB walks the log back until the page is ' +
      'full where that is cheaper; SQLite sorts what it found.',
  ],
  [/[?&](?:status|source|kind)=/, 'Judged by two columns of a table of some thousand rows.'],
];

export const UNEXCUSED = 'No reason is known: an index is missing.';

export function excuseFor(asked: string): string {
  return EXCUSES.find(([form]) => form.test(asked))?.[1] ?? UNEXCUSED;
}
