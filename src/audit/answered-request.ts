import type { AccessLog } from './access-log.entity.js';

export type NewAccessLog = Omit<AccessLog, 'accessId'>;

/** A line of the log, and what is counted beside it. */
export interface AnsweredRequest extends NewAccessLog {
  /** The permission that let it in; null for a refused request, and where none is needed. */
  readonly permission: string | null;
}
