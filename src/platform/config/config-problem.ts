/** One thing wrong with the configuration. Never holds a secret: not in the path, not in the message. */
export interface ConfigProblem {
  /** `ip_whitelist[1].roles`, or the name of an environment variable; empty for the file as a whole. */
  readonly path: string;
  /** Line of the file, from 1; null when there is none. */
  readonly line: number | null;
  /** The rest of a sentence that begins with the path. */
  readonly message: string;
}

/** Everything wrong at once, so that an operator mends it in one go. Its message has one line per problem. */
export class ConfigError extends Error {
  constructor(
    readonly file: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    super(problems.map((problem) => lineOf(file, problem)).join('\n'));
    this.name = 'ConfigError';
  }
}

function lineOf(file: string, { path, line, message }: ConfigProblem): string {
  if (path.startsWith('CRM_')) return `environment ${path}: ${message}`;
  const place = line === null ? file : `${file}:${line}`;
  return path === '' ? `${place}: ${message}` : `${place} ${path}: ${message}`;
}
