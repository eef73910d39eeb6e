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
  twoFactorEnrolmentRequired:
    'You must have two-factor: set it up at POST /crm/2fa/enable/user/{id}. Nothing else is open to you until then.',
  invalidChallenge: 'This challenge is not valid any more: log in again.',
  invalidCode: 'This code is not right, or was used already. Wait for the next one.',
  wrongCode: 'This code is not right, or was used already. Nothing was changed.',
  twoFactorEnabled: 'Two-factor is enabled already: disable it first to set it up anew.',
  twoFactorNotEnabled: 'Two-factor is not enabled.',
  enrolmentNotBegun: 'There is nothing to verify: enable two-factor first.',
  ownReset: 'You cannot reset your own two-factor: disable it with your password and a code.',
  sessionNotFound: 'You have no session {id}.',
  addressNotAllowed: 'This key may not be used from {address}.',
  foreignOrigin: 'A request that is trusted for its address must not come from another site ({origin}).',
  misdirected: 'A request that is trusted for its address must name this server: {host} is not in http.allowed_hosts.',
});
