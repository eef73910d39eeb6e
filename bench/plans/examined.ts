/** What a database says about how it finds the rows of one statement. */
export interface Plan {
  readonly text: string;
  /** Rows read in fact; null where the database does not count them. */
  readonly rowsRead: number | null;
}

/** Asks one of the databases how it would do it. */
export interface Examiner {
  readonly name: string;
  explain(statement: Statement): Promise<Plan>;
  close(): Promise<void>;
}

export interface Statement {
  readonly sql: string;
  readonly parameters: (string | number | boolean | null)[];
}

/** One request, as one database served it. */
export interface Examined {
  readonly question: string;
  readonly plans: readonly Plan[];
  readonly millis: number;
}

/** What one database made of every list. */
export interface Survey {
  readonly database: string;
  readonly lists: ReadonlyMap<string, readonly Examined[]>;
}

const MOST_ROWS = 1_000;

/** What an index did not spare: rows that were read, or a way that reads or sorts them. */
export interface Complaint {
  readonly about: 'reads' | 'sorts what it found' | 'looks at row after row';
  readonly rows: number;
}

/** The statement for the list itself calls its rows so; others fetch what belongs to a page, by its ids. */
export function isOfList({ text }: Plan): boolean {
  return /\brow\b/.test(text);
}

/**
 * Why a request is not served by an index; null when it is. A page of 25 has no business with more than a thousand rows;
 * where rows are not counted, with sorting what was found, or with looking through rows for those that a filter wants.
 */
export function complaint({ question, plans }: Examined): Complaint | null {
  const own = plans.filter(isOfList);
  const rows = own.reduce((sum, plan) => sum + (plan.rowsRead ?? 0), 0);
  if (rows > MOST_ROWS) return { about: 'reads', rows };
  const text = own.map((plan) => (plan.rowsRead === null ? plan.text : '')).join();
  if (text.includes('USE TEMP B-TREE')) return { about: 'sorts what it found', rows };
  const isNarrowed = /(?:^|&)(?!sort=|cursor=)/.test(question) && question !== '';
  return isNarrowed && /\bSCAN\b/.test(text) ? { about: 'looks at row after row', rows } : null;
}
