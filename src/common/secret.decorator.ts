const secrets = new Set<string>();

/** Marks a property that carries a secret: logs, the audit trail and idempotent replays leave it out by this name. */
export function Secret(): PropertyDecorator {
  return (_target, property) => void secrets.add(String(property));
}

/** The names of every property marked with `@Secret()`; a test pins the list. */
export function secretNames(): string[] {
  return [...secrets].sort();
}

/** A copy without any property that is marked as secret, at every depth. */
export function withoutSecretFields<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item) => withoutSecretFields<unknown>(item)) as T;
  if (value === null || typeof value !== 'object') return value;
  // Not by way of entries, which are three arrays for each field: every change is copied here for its record.
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (!secrets.has(name)) put(kept, name, withoutSecretFields((value as Record<string, unknown>)[name]));
  }
  return kept as T;
}

function put(object: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') object[name] = value;
  // Assigned to, it would be the prototype.
  else Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
