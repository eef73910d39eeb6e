/** What a spreadsheet would take for a formula when a cell begins with it (OWASP: CSV injection). */
const FORMULA = /^\s*[=+\-@\t\r\n|%]/;

/** RFC 4180. `actor.name` reaches into the record; objects become JSON; formulas are made inert by an apostrophe. */
export function csvLine(record: Record<string, unknown>, columns: readonly string[]): string {
  return `${columns.map((column) => cell(valueAt(record, column))).join()}\r\n`;
}

export function ndjsonLine(record: Record<string, unknown>): string {
  return `${JSON.stringify(record)}\n`;
}

function valueAt(record: Record<string, unknown>, column: string): unknown {
  return column
    .split('.')
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null)?.[name] ?? null, record);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const inert = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}
