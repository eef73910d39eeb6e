import { defineErrors } from '../common/errors.js';

export const ApiKeyErrors = defineErrors('api_keys', {
  notFound: 'There is no API key {id}.',
  expired: 'This API key expired at {at}. Ask for a new one, or have its expiry extended.',
  revoked: 'The API key {id} is revoked for ever: create a new one.',
  protected: 'The API key {id} is protected: set protected to false first.',
  fromConfig: 'The API key {id} comes from the configuration file: change the file instead.',
  outdatedValue: 'This value of the key is being replaced and cannot manage keys any more: use the new one.',
  ownEdit: 'A key cannot change itself: ask whoever made it.',
  beyondParent:
    'A key cannot give what it lacks: no later expiry, no other addresses, no higher rate limit, no freedom from its creator.',
  ancestor: 'The API key {id} made the key that you come with, or what made it: ask somebody above.',
  tooDeep: 'Keys that make keys go {generations} generations deep: ask for a key that somebody further up makes.',
  extendFirst: 'The API key {id} is expired: extend its expiry_date first, then regenerate it.',
  graceTooLong: 'The old value cannot outlive the key, which expires at {expiry}.',
  noRotation: 'The API key {id} is not being rotated.',
  rotationUsed: 'The new value of the API key {id} was used already: regenerate it again instead.',
  lifetimeTooLong: 'Keys may live for at most {days} days here: set an expiry_date no later than {latest}.',
});
