import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../common/errors.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { Tally } from '../platform/metrics/tally.js';
import { type Credential, readCredential } from './credential.js';

type CredentialKind = Credential['kind'] | 'unreadable';

/** Counts the credentials that let nobody in, by what was presented and by the code of the answer. */
@Injectable()
export class AuthenticationFailures {
  private readonly counts = new Tally<'credential' | 'reason'>();

  constructor(metrics: Metrics) {
    metrics.register({
      name: 'omnicrm_authentication_failures_total',
      type: 'counter',
      help: 'Credentials that let nobody in. `address` is a request without any; logins are among the security events.',
      labels: ['credential', 'reason'],
      read: () => this.counts.samples(),
    });
  }

  /** What is no refusal of ours, e.g. a database that is away, says nothing about the credential. */
  count(request: FastifyRequest, error: unknown): void {
    if (error instanceof DomainError) this.counts.count({ credential: kindOf(request), reason: error.code });
  }
}

function kindOf(request: FastifyRequest): CredentialKind {
  try {
    return readCredential(request).kind;
  } catch {
    return 'unreadable';
  }
}
