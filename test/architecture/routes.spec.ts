import { RouteInspector } from '../../src/rbac/route-inspector.js';
import { TestApp } from '../support/app.js';
import { files, read } from './files.js';

/** Nobody need prove anything here. A route that is added to this list is a decision, not a side effect. */
const PUBLIC = [
  'AuthController.jwks',
  'AuthController.login',
  'AuthController.loginWithCode',
  'AuthController.refresh',
  'HealthController.live',
  'HealthController.ready',
  'RecoveryController.forgot',
  'RecoveryController.reset',
  'RecoveryController.signup',
  'RecoveryController.verifyEmail',
];
/** Anybody we know may call these, whatever they hold. */
const AUTHENTICATED = [
  'AccountController.changePassword',
  'AccountController.profile',
  'AccountController.updateProfile',
  'AuthController.logout',
  'AuthController.whoami',
  'OtherServicesController.forward',
  'OwnApiKeyController.get',
  'OwnApiKeyController.revoke',
  'PersonalTokensController.list',
  'PersonalTokensController.listAccessLogs',
  'PersonalTokensController.revoke',
  'PersonalTokensController.usage',
  'SessionsController.end',
  'SessionsController.endOthers',
  'SessionsController.list',
  'TwoFactorController.disable',
  'TwoFactorController.enable',
  'TwoFactorController.renewBackupCodes',
  'TwoFactorController.verify',
];

describe('who may call a route', () => {
  let app: TestApp;
  beforeAll(async () => (app = await TestApp.start()));
  afterAll(() => app.close());

  const handlers = (kind: string): string[] =>
    app
      .get(RouteInspector)
      .routes()
      .filter(({ access }) => access?.kind === kind)
      .map(({ handler }) => handler)
      .sort();

  it('is said by every handler', () => {
    const silent = app.get(RouteInspector).routes();
    expect(silent.filter(({ access }) => !access).map(({ handler }) => handler)).toEqual([]);
    expect(silent.length).toBeGreaterThan(20);
  });

  it('is everybody on the pinned routes only', () => expect(handlers('public')).toEqual(PUBLIC));

  it('is any known principal on the pinned routes only', () =>
    expect(handlers('authenticated')).toEqual(AUTHENTICATED));
});

describe('a controller', () => {
  it.each(files('src', '.controller.ts'))('%s has one access decorator for each route', (path) => {
    const text = read(path);
    const count = (pattern: RegExp): number => text.match(pattern)?.length ?? 0;
    const routes = count(/^ {2}@(?:Get|Post|Put|Patch|Delete|Head|Options|All|Search|Sse)\(/gm);
    expect(count(/^ {2}@(?:RequirePermission|Authenticated|Public)\(/gm)).toBe(routes);
    expect(routes).toBeGreaterThan(0);
  });
});
