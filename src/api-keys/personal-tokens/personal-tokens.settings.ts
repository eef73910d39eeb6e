import { defineSetting } from '../../platform/settings/setting-definition.js';

export const PersonalTokenSettings = {
  enabled: defineSetting<boolean>('personal_tokens.enabled', {
    default: false,
    description:
      'Whether users may make and use personal access tokens. Switched off, existing ones are refused at once.',
  }),
};
