// Packages that ship no CommonJS. A missing one shows as "Must use import to load ES Module" or as an unexpected token.
const ESM_ONLY = ['@nestjs', '@faker-js', '@noble', '@scure', 'content-disposition', 'cookie'];

const swc = (parser, transform = {}) => [
  '@swc/jest',
  {
    jsc: { parser, transform, target: 'es2023', keepClassNames: true },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    swcrc: false,
  },
];

/** What all projects share. */
const common = {
  rootDir: __dirname,
  // Both together: docs/adr/0021.
  testEnvironment: '<rootDir>/test/support/shared/environment.cjs',
  runtime: '<rootDir>/test/support/shared/runtime.cjs',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.ts$': swc(
      { syntax: 'typescript', decorators: true },
      { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    ),
    '\\.m?js$': swc({ syntax: 'ecmascript' }),
  },
  transformIgnorePatterns: [`/node_modules/(?!(${ESM_ONLY.join('|')})/)`],
};

const setUp = (database) => ({
  globalSetup: `<rootDir>/test/support/${database}.setup.ts`,
  globalTeardown: '<rootDir>/test/support/teardown.ts',
  globals: { testDatabaseKind: database },
});

const e2e = (database) => ({
  ...common,
  ...setUp(database),
  displayName: `e2e-${database}`,
  testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'],
});

module.exports = {
  maxWorkers: 2,
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/test/support/summary-reporter.cjs'],
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/{src,eslint}/**/*.spec.{ts,mjs}'] },
    {
      ...common,
      ...setUp('sqlite'),
      displayName: 'architecture',
      testMatch: ['<rootDir>/test/architecture/**/*.spec.ts'],
    },
    e2e('sqlite'),
    e2e('mariadb'),
  ],
};
