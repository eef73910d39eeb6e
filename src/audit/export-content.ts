import type { ApiResponseOptions } from '@nestjs/swagger';

type Content = NonNullable<Extract<ApiResponseOptions, { content?: unknown }>['content']>;

/** What OpenAPI shows of an export: text that is streamed, in one of two formats. */
export function exportContent(id: string): Content {
  return {
    'text/csv': { schema: { type: 'string', example: `${id},at,…\r\n1,2026-11-21T09:30:00.000Z,…\r\n` } },
    'application/x-ndjson': { schema: { type: 'string', example: `{"${id}":1,"at":"2026-11-21T09:30:00.000Z"}\n` } },
  };
}
