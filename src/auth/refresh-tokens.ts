import { Injectable } from '@nestjs/common';
import { Secrets } from '../platform/secrets/secrets.service.js';
import type { Session } from './session.entity.js';

export interface PresentedRefreshToken {
  readonly sessionId: number;
  readonly generation: number;
  readonly mac: string;
}

const FORMAT = /^rt1\.([1-9]\d{0,14})\.([1-9]\d{0,8})\.([\w-]{43})$/;
const PURPOSE = 'refresh-token';

/**
 * Refresh tokens are derived from their session, not stored: a retry within the grace of ten seconds can be given the
 * very same successor, and a copy of the database holds no token at all.
 */
@Injectable()
export class RefreshTokens {
  constructor(private readonly secrets: Secrets) {}

  derive(session: Session, generation = session.generation): string {
    return `rt1.${session.sessionId}.${generation}.${this.secrets.mac(PURPOSE, dataOf(session, generation))}`;
  }

  parse(token: string): PresentedRefreshToken | null {
    const [, sessionId, generation, mac] = FORMAT.exec(token) ?? [];
    if (sessionId === undefined || generation === undefined || mac === undefined) return null;
    return { sessionId: Number(sessionId), generation: Number(generation), mac };
  }

  /** Whether we made it, for this very session; in constant time. */
  isOurs(session: Session, { generation, mac }: PresentedRefreshToken): boolean {
    return this.secrets.isMac(PURPOSE, dataOf(session, generation), mac);
  }
}

/** The moment of login stands in for a random seed: an id that comes back after a restore makes no old token valid. */
function dataOf({ sessionId, userId, created }: Session, generation: number): string {
  return `${sessionId}/${userId}/${created}/${generation}`;
}
