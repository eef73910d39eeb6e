import type { Answer } from './app.js';

/** The answer is an RFC 9457 problem of this status and code; returns its body. */
export function expectProblem(answer: Answer, status: number, code?: string): Record<string, any> {
  const { body, headers } = answer as Answer<Record<string, any>>;
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status });
  expect(headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(body).toMatchObject({ status, type: `urn:omnicrm:problem:${body.code}` });
  expect(body.request_id).toBe(headers['x-request-id']);
  if (code !== undefined) expect(body.code).toBe(code);
  return body;
}

/** The pointers of a 400's field problems. */
export function pointers(answer: Answer): string[] {
  const { errors = [] } = answer.body as { errors?: { pointer: string }[] };
  return errors.map((error) => error.pointer);
}
