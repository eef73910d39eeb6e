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

/**
 * Why a request is not served by an index; null when it is. A page of 25 has no business with more than a thousand rows;
 * where rows are not counted, with sorting what was found, or with looking through rows for those that a filter wants.
 */
export function complaint({ question, plans }: Examined): string | null {
  const rows = plans.reduce((sum, plan) => sum + (plan.rowsRead ?? 0), 0);
  if (rows > MOST_ROWS) return `reads ${rows.toLocaleString('en')} rows`;
  const text = plans.map((plan) => (plan.rowsRead === null ? plan.text : '')).join();
  if (text.includes('USE TEMP B-TREE')) return 'sorts what it found';
  const isNarrowed = /(?:^|&)(?!sort=|cursor=)/.test(question) && question !== '';
  return isNarrowed && /\bSCAN\b/.test(text) ? 'looks at row after row' : null;
}
