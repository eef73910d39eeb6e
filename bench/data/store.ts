export type Value = string | number | null;
export type Row = Value[];

/** A database to be filled: the two databases do it in their own way. */
export interface Store {
  insert(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void>;
  /** Drops what would be sorted into with every row, and makes it anew, in one go, after `work`. */
  withoutIndexes(tables: readonly string[], work: () => Promise<void>): Promise<void>;
  /** Lets the planner look at what is there now. */
  analyse(tables: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
