import type { z } from 'zod';

const EXPECTED: Record<string, string> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a whole number',
  object: 'a map of names and values',
  record: 'a map of names and values',
  string: 'text',
};

/** What is wrong with a value, as the rest of a sentence that begins with its path. Never quotes text: it may be a secret. */
export function issueSentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeSentence(issue.expected, issue.input);
    case 'too_small':
      return `must ${boundSentence(issue.origin, 'at least', issue.minimum)}`;
    case 'too_big':
      return `must ${boundSentence(issue.origin, 'at most', issue.maximum)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    default:
      return 'is not valid';
  }
}

function typeSentence(expected: string, input: unknown): string {
  if (input === undefined) return 'is missing';
  const wanted = EXPECTED[expected] ?? expected;
  if (expected !== 'string' || (typeof input !== 'number' && typeof input !== 'boolean')) return `must be ${wanted}`;
  return `must be text, not a ${typeof input}; put it in quotes`;
}

function boundSentence(origin: string, bound: string, limit: number | bigint): string {
  return origin === 'string' ? `have ${bound} ${limit} characters` : `be ${bound} ${limit}`;
}
