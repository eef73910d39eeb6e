import { defineErrors } from '../common/errors.js';

export const HealthErrors = defineErrors('health', {
  notReady: 'The server cannot reach its database.',
});
