import { defineErrors } from '../common/errors.js';

export const AuditErrors = defineErrors('audit', {
  notFound: 'There is no audit entry {id}.',
});
