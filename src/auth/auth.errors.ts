import { defineErrors } from '../common/errors.js';

export const AuthErrors = defineErrors('auth', {
  missingCredential:
    'Prove who you are: send a token or an API key as Authorization: Bearer, or an API key as X-API-KEY.',
  invalidCredentials: 'These credentials are not valid.',
  credentialConflict: 'Send exactly one credential: this request carries {count}.',
  malformedAuthorization: 'The Authorization header must be Bearer, one blank, and a token or an API key.',
  tokenExpired: 'This token expired at {at}. Refresh it, or log in again.',
  invalidRefreshToken: 'This refresh token is not valid any more: log in again.',
  unknownPermission: 'There is no permission {permission}; see GET /crm/permissions.',
  wrongPassword: 'The current password is not right.',
  sessionNotFound: 'You have no session {id}.',
  addressNotAllowed: 'This key may not be used from {address}.',
  foreignOrigin: 'A request that is trusted for its address must not come from another site ({origin}).',
  misdirected: 'A request that is trusted for its address must name this server: {host} is not in http.allowed_hosts.',
});
