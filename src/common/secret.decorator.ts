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
  const kept = Object.entries(value).filter(([name]) => !secrets.has(name));
  return Object.fromEntries(kept.map(([name, item]) => [name, withoutSecretFields<unknown>(item)])) as T;
}
