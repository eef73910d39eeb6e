import { defineErrors } from '../common/errors.js';

export const CustomerErrors = defineErrors('customers', {
  notFound: 'There is no customer {id} that you may see.',
  fieldsForbidden: 'You may not change these fields of a customer: {fields}.',
});
