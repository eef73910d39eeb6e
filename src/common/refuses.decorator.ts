import { ApiResponse } from '@nestjs/swagger';
import type { ErrorDefinition } from './errors.js';
import { problemBody, ProblemResponse } from './problem.dto.js';

/**
 * Says in OpenAPI what a handler may refuse with, by the very definitions that its service throws. What every route may
 * answer (401, 429, a malformed body) is added where the document is made.
 */
export function Refuses(status: number, ...errors: ErrorDefinition[]): MethodDecorator {
  return ApiResponse({
    status,
    type: ProblemResponse,
    description: errors.map(({ code, detail }) => `\`${code}\`: ${detail}`).join('\n\n'),
    examples: problemExamples(status, errors),
  });
}

/** One example body for each code, with its braces filled. */
export function problemExamples(
  status: number,
  errors: readonly ErrorDefinition[],
): Record<string, { summary: string; value: ProblemResponse }> {
  return Object.fromEntries(
    errors.map(({ code, detail }) => {
      const filled = detail.replace(/\{(\w+)\}/g, (_, name: string) => SAMPLES[name] ?? name);
      return [code, { summary: code, value: problemBody({ status, code, detail: filled, requestId: SAMPLE_ID }) }];
    }),
  );
}

const SAMPLE_ID = '6fd0a3c8-1f2b-4c39-9d50-2f7f6f5b9e11';
const SAMPLES: Readonly<Record<string, string>> = {
  at: '2026-11-21T09:45:00.000Z',
  count: '2',
  days: '365',
  etag: '"4"',
  expiry: '2026-11-21T09:45:00.000Z',
  fields: 'customer_name',
  id: '7',
  kind: 'api_key',
  kinds: 'user',
  latest: '2027-11-21T09:45:00.000Z',
  limit: '1048576',
  permission: 'view_customer',
  permissions: 'view_customer',
  policy: 'api-key',
  principal: 'Billing export',
  reason: 'Unexpected end of JSON input.',
  seconds: '42',
};
