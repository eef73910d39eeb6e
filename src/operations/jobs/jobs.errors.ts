import { defineErrors } from '../../common/errors.js';

export const JobErrors = defineErrors('jobs', {
  notFound: 'There is no job {name}; GET /crm/jobs lists them.',
  running: 'The job {name} is running already: wait for its end and look at GET /crm/jobs.',
});
