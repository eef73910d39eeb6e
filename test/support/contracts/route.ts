import type { Answer, TestApp } from '../app.js';
import type { Credentials } from '../principals.js';

/** A route that a contract is about. The path may need rows that are made before the tests. */
export interface Route {
  readonly method: string;
  readonly path: string | (() => string);
  readonly body?: unknown;
}

/** Tests are declared before the application starts, so it is handed over as a function. */
export type AppOf = () => TestApp;

export function request(app: TestApp, { method, path, body }: Route, headers: Credentials = {}): Promise<Answer> {
  return app.ask(method, typeof path === 'string' ? path : path(), { headers, body });
}

export function nameOf({ method, path }: Route): string {
  return `${method} ${typeof path === 'string' ? path : path.toString().replace(/^\(\) => /, '')}`;
}
