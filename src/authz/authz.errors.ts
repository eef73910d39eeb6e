import { defineErrors } from '../common/errors.js';

export const AuthzErrors = defineErrors('authz', {
  principalNotFound: 'There is no such principal: {kind} {id}.',
  routeNotFound: 'No route answers to this method and path.',
  subjectNotFound: 'There is no {subject} {id} that you may see.',
  noRows: 'Rights over {subject} do not differ from row to row: ask without a subject_id.',
});
