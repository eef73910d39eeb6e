import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { crm } from './eslint/plugin.mjs';

/**
 * What is handed in, never fetched, and what the house does without. Each ban is lifted by its name where the thing
 * has its home, so that lifting one keeps the others.
 */
const BANS = {
  environment: {
    properties: [{ object: 'process', property: 'env' }],
    imports: ['process', 'node:process'].map((name) => ({ name, importNames: ['env'] })),
    message: 'The environment is read in src/platform/config alone; take the typed slice of the configuration.',
  },
  time: {
    properties: [{ object: 'Date', property: 'now' }],
    syntax: ["NewExpression[callee.name='Date'][arguments.length=0]", "CallExpression[callee.name='Date']"].map(
      (selector) => ({ selector }),
    ),
    message: 'Time is handed in: inject the Clock.',
  },
  randomness: {
    properties: [
      ...['randomUUID', 'randomBytes', 'randomInt', 'randomFillSync', 'getRandomValues'].map((property) => ({
        object: 'crypto',
        property,
      })),
      { object: 'Math', property: 'random' },
    ],
    imports: ['crypto', 'node:crypto'].map((name) => ({
      name,
      importNames: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'],
    })),
    message: 'Randomness is handed in: src/platform/secrets makes secrets, src/common/request-id.ts request ids.',
  },
  global: {
    imports: [{ name: '@nestjs/common', importNames: ['Global'] }],
    message: 'Only platform, audit and rbac are global: import the module where it is used.',
  },
  cycles: {
    imports: [{ name: '@nestjs/common', importNames: ['forwardRef'] }],
    properties: [{ object: 'Scope', property: 'REQUEST' }],
    message: 'No forwardRef and no request scope: hand down a seam, and take the principal as an argument.',
  },
  parameters: {
    syntax: [
      'FunctionDeclaration[params.length>4]',
      'ArrowFunctionExpression[params.length>4]',
      ':not(MethodDefinition) > FunctionExpression[params.length>4]',
      "MethodDefinition[kind!='constructor'] > FunctionExpression[params.length>4]",
      // The container fills the constructors of decorated classes; every other one is called by somebody.
      "ClassDeclaration:not([decorators.length>0]) > ClassBody > MethodDefinition[kind='constructor'] > FunctionExpression[params.length>4]",
    ].map((selector) => ({ selector })),
    message: 'At most 4 parameters: give what belongs together a name.',
  },
};

/** @param {...keyof typeof BANS} names */
function ban(...names) {
  const rule = (kind) => {
    const bans = names.flatMap((name) =>
      (BANS[name][kind] ?? []).map((it) => ({ ...it, message: BANS[name].message })),
    );
    // A bare 'error' would keep the options of the block above.
    return bans.length > 0 ? ['error', ...bans] : 'off';
  };
  return {
    'no-restricted-properties': rule('properties'),
    'no-restricted-imports': rule('imports'),
    'no-restricted-syntax': rule('syntax'),
  };
}

/** @param {...keyof typeof BANS} names */
function banAllBut(...names) {
  return ban(...Object.keys(BANS).filter((name) => !names.includes(name)));
}

const lines = (max) => ({ 'max-lines': ['error', { max, skipBlankLines: true, skipComments: true }] });
const TESTS = ['**/*.spec.ts', 'test/**/*.ts'];

export default defineConfig(
  { ignores: ['dist', 'coverage', 'data', 'docs', 'web'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    plugins: { crm },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'crm/access-decorator': 'error',
      'crm/no-type-import-of-dto': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      '@typescript-eslint/consistent-return': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      ...ban('environment', 'parameters'),
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      complexity: ['error', 12],
      'max-depth': ['error', 3],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      'no-restricted-exports': [
        'error',
        {
          restrictDefaultExports: {
            direct: true,
            named: true,
            defaultFrom: true,
            namedFrom: true,
            namespaceFrom: true,
          },
        },
      ],
      ...lines(300),
      ...banAllBut(),
    },
  },
  { files: ['src/platform/**/*.ts', 'src/{audit,rbac}/**/*.ts'], rules: banAllBut('global') },
  { files: ['src/platform/config/**/*.ts'], rules: banAllBut('global', 'environment') },
  { files: ['src/platform/secrets/**/*.ts'], rules: banAllBut('global', 'randomness') },
  { files: ['src/common/clock.ts'], rules: banAllBut('time') },
  { files: ['src/common/request-id.ts'], rules: banAllBut('randomness') },
  { files: ['test/support/**/*.ts'], rules: ban('parameters') },
  {
    files: ['bench/**/*.ts'],
    rules: {
      'no-console': 'off',
      complexity: ['error', 12],
      'max-depth': ['error', 3],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      ...lines(300),
      ...ban('parameters'),
    },
  },
  { files: ['src/main.ts', 'src/cli*.ts', 'src/cli/**/*.ts'], rules: { 'no-console': 'off' } },
  { files: ['**/*.controller.ts'], rules: lines(150) },
  { files: ['**/*.service.ts'], rules: lines(300) },
  { files: ['**/*.repository.ts'], rules: lines(250) },
  { files: ['**/*.dto.ts'], rules: lines(200) },
  { files: ['**/*.entity.ts'], rules: lines(120) },
  { files: ['**/migrations/*.ts'], rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  {
    files: TESTS,
    rules: {
      ...lines(400),
      'max-lines-per-function': 'off',
      // The routes of a test are called by that test alone.
      'crm/access-decorator': 'off',
      // What a server answered has no type: looking at it is what these tests do.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: Object.fromEntries(
        ['__dirname', 'process', 'console', 'Buffer', 'URL', 'performance', 'setTimeout', 'clearTimeout'].map((it) => [
          it,
          false,
        ]),
      ),
    },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
);
