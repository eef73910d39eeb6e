import { resolve } from 'node:path';
import { readConfigFile } from './config-file.js';
import { ConfigError, type ConfigProblem } from './config-problem.js';
import type { CrmConfig } from './crm-config.js';
import { configFileOf, readEnvironment, type Variables } from './environment.js';

export interface ConfigInput {
  /** The YAML text; null when there is no file, which means the defaults. */
  readonly text: string | null;
  /** How the file is called in problems. */
  readonly file: string;
  readonly environment: Variables;
  /** Why the file could not be read, when it is there and could not. */
  readonly unreadable?: string | null;
}

/**
 * Text and environment in, one frozen configuration out, or one `ConfigError` with everything that is wrong with either.
 * Reads nothing itself, so that the start, a reload and a test are the same thing.
 */
export function loadConfig({ text, file, environment, unreadable = null }: ConfigInput): CrmConfig {
  const variables = readEnvironment(environment);
  const source = sourceProblem(text, environment, unreadable);
  const content = readConfigFile(text ?? '', variables.value?.host ?? null);
  const problems = [...variables.problems, ...(source ? [source] : []), ...content.problems];
  if (problems.length > 0 || !variables.value || !content.settings) throw new ConfigError(file, problems);
  const configFile = text === null ? null : resolve(file);
  return deepFreeze({ environment: { ...variables.value, configFile }, ...content.settings });
}

function sourceProblem(text: string | null, environment: Variables, unreadable: string | null): ConfigProblem | null {
  if (unreadable !== null) return { path: '', line: null, message: unreadable };
  // Most likely cut off while it was written; who wants the defaults can say so.
  if (text?.trim() === '') return { path: '', line: null, message: 'is empty; write {} to use the defaults' };
  const { file, isRequired } = configFileOf(environment);
  if (text !== null || !isRequired) return null;
  return { path: 'CRM_CONFIG_FILE', line: null, message: `there is no file ${file}` };
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
