import type { FastifyInstance, preParsingHookHandler } from 'fastify';
import { CommonErrors, UnsupportedMediaType } from './errors.js';

export const FORM = 'application/x-www-form-urlencoded';

/**
 * Forms are read where a standard asks for one, on routes that say `form: true`, and JSON is not; everywhere else a form is
 * 415 as before, so that no page of another site can post one.
 */
export function readForms(server: FastifyInstance): void {
  server.addContentTypeParser(FORM, { parseAs: 'string' }, (request, body, done) => {
    if (isForForms(request.routeOptions.config)) done(null, fieldsOf(String(body)));
    else done(new UnsupportedMediaType(CommonErrors.unsupportedMediaType), undefined);
  });
  server.addHook('onRoute', (route) => {
    if (isForForms(route.config)) route.preParsing = refuseOthers;
  });
}

const refuseOthers: preParsingHookHandler = (request, _reply, payload, done) => {
  const type = request.headers['content-type'] ?? '';
  const isForm = type.trim().toLowerCase().startsWith(FORM);
  done(isForm ? null : new UnsupportedMediaType(CommonErrors.formExpected), payload);
};

function isForForms(config: object | undefined): boolean {
  return (config as { form?: boolean } | undefined)?.form === true;
}

/** A name that is given twice (RFC 6749 3.2 forbids it) becomes a list, which no field takes. */
function fieldsOf(body: string): Record<string, string | string[]> {
  const form = new URLSearchParams(body);
  const names = new Set(form.keys());
  return Object.fromEntries(
    [...names].map((name) => {
      const values = form.getAll(name);
      return [name, values.length > 1 ? values : (values[0] ?? '')];
    }),
  );
}
