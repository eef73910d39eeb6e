/**
 * The floors of the house. A file imports from its own folder and from strictly lower floors; neighbours on one floor do
 * not know each other. A new folder under src/ gets its line here, or the check fails.
 */
const FLOORS = {
  common: 0,
  'platform/routing': 1,
  'platform/config': 1,
  'platform/database': 2,
  'platform/secrets': 2,
  'platform/outbox': 2.5,
  'platform/jobs': 2.5,
  'platform/mail': 2.5,
  'platform/settings': 2.5,
  'platform/metrics': 2.5,
  'platform/idempotency': 2.5,
  'platform/paging': 2.5,
  'platform/pepper': 2.5,
  audit: 3,
  rbac: 4,
  throttling: 4,
  users: 5,
  customers: 5,
  products: 5,
  'api-keys': 6,
  services: 6,
  inventory: 6,
  billing: 6,
  scim: 6,
  webhooks: 6,
  provisioning: 7,
  auth: 8,
  authz: 9,
  operations: 9,
};

// The files directly in src/ and the command line stand on the roof: they put the house together and may see all of it.
const ROOF = '^src/([^/]+$|cli/)';
const SPEC = '[.]spec[.]ts$';

const folders = Object.keys(FLOORS);
const anyOf = (names) => `^src/(${names.join('|')})/`;
const features = folders.filter((folder) => folder !== 'common' && !folder.startsWith('platform/'));

const floors = folders.map((folder) => ({
  name: `floor-of-${folder.replace('/', '-')}`,
  comment: `src/${folder} is on floor ${FLOORS[folder]}: it imports from itself and from lower floors only.`,
  severity: 'error',
  from: { path: anyOf([folder]) },
  to: { path: '^src/', pathNot: anyOf([folder, ...folders.filter((other) => FLOORS[other] < FLOORS[folder])]) },
}));

// Audit, rbac and throttling are foundation, not features: more of them is public.
const doors = features.map((feature) => ({
  name: `doors-of-${feature}`,
  comment: `Others come into src/${feature} through its doors only: the module and the services.`,
  severity: 'error',
  from: { path: '^src/', pathNot: [ROOF, anyOf([feature])] },
  to: {
    path: anyOf([feature]),
    pathNot:
      {
        rbac: '.',
        throttling: '.',
        audit: '[.](module|service|dto|permissions|types)[.]ts$',
      }[feature] ?? '[.](module|service)[.]ts$',
  },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...floors,
    ...doors,
    {
      name: 'folder-without-a-floor',
      comment: 'Every folder under src/ has its floor in .dependency-cruiser.cjs.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: [ROOF, anyOf(folders)] },
    },
    {
      name: 'import-from-a-folder-without-a-floor',
      comment: 'Every folder under src/ has its floor in .dependency-cruiser.cjs.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ROOF, anyOf(folders)] },
      to: {},
    },
    {
      name: 'no-circles',
      comment: 'Two files that need each other are one file, or miss a third below them.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'typeorm-only-in-repositories',
      comment: 'TypeORM is spoken in repositories, entities and the two platform folders that serve them.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['[.](repository|entity)[.]ts$', '^src/platform/(database|paging)/'] },
      to: { path: 'node_modules/typeorm/' },
    },
    {
      name: 'product-without-tests',
      comment: 'What is shipped does not import what is not. A spec beside its subject may use the test support.',
      severity: 'error',
      from: { path: '^(src/|ormconfig)', pathNot: SPEC },
      to: { path: '^(test|bench|scripts|eslint)/|[.]spec[.]ts$' },
    },
    {
      name: 'server-without-console',
      comment: 'The server does not know the console.',
      severity: 'error',
      from: { path: '^(src|test|bench)/|^ormconfig' },
      to: { path: '^web/' },
    },
    {
      name: 'console-without-server',
      comment: 'The console knows the server by docs/openapi.json alone.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: '^(src|test|bench)/' },
    },
    {
      name: 'no-dev-dependency-in-product',
      comment: 'A package that the running server needs belongs under dependencies.',
      severity: 'error',
      from: { path: '^(src/|ormconfig)', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-undeclared-package',
      comment: 'What is imported is named in package.json.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'not-to-be-found',
      comment: 'An import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
