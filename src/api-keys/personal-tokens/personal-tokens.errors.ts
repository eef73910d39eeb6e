import { defineErrors } from '../../common/errors.js';

export const PersonalTokenErrors = defineErrors('personal_tokens', {
  notFound: 'There is no personal token {id}.',
  disabled:
    'Personal access tokens are switched off here: ask an administrator for the setting personal_tokens.enabled.',
});
