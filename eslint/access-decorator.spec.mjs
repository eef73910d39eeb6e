import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { accessDecorator } from './access-decorator.mjs';

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const controller = (body, head = '') => `${head} @Controller('things') class ThingsController { ${body} }`;

tester.run('access-decorator', accessDecorator, {
  valid: [
    { name: 'a permission', code: controller('@Get() @RequirePermission(ThingPermissions.view) list() {}') },
    { name: 'any principal', code: controller("@Authenticated('user') @Delete(':id') remove() {}") },
    { name: 'everybody', code: controller('@Post() @HttpCode(204) @Public() login() {}') },
    { name: 'a decorator without a call', code: controller('@Get @Public list() {}') },
    { name: 'an access decorator under another name', code: controller('@Get() @Open() list() {}', rename('Public')) },
    { name: 'not a route', code: controller('@Helper() help() {} plain() {} constructor() {}') },
    { name: 'not a controller', code: 'class Things { @Get() list() {} } @Injectable() class B { @Get() list() {} }' },
  ],
  invalid: [
    ...['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All', 'Sse'].map((verb) => ({
      name: `${verb} without an access decorator`,
      code: controller(`@${verb}() list() {}`),
      errors: [{ messageId: 'missing', data: { name: 'list' } }],
    })),
    {
      name: 'two that contradict each other',
      code: controller('@Get() @Public() @RequirePermission(x) list() {}'),
      errors: [{ messageId: 'several', data: { name: 'list', count: '2', found: '@Public, @RequirePermission' } }],
    },
    {
      name: 'the same one twice',
      code: controller('@Get() @RequirePermission(x) @RequirePermission(y) list() {}'),
      errors: [{ messageId: 'several' }],
    },
    { name: 'a namespace', code: controller('@nest.Get() list() {}'), errors: [{ messageId: 'missing' }] },
    {
      name: 'a verb under another name',
      code: controller('@Open() list() {}', rename('Get')),
      errors: [{ messageId: 'missing' }],
    },
    {
      name: 'one on the class does not speak for its routes',
      code: `@Public() ${controller('@Get() list() {}')}`,
      errors: [{ messageId: 'missing' }],
    },
    {
      name: 'each route speaks for itself',
      code: controller('@Get() @Public() list() {} @Post() create() {}'),
      errors: [{ messageId: 'missing', data: { name: 'create' } }],
    },
  ],
});

function rename(name) {
  return `import { ${name} as Open } from 'somewhere';`;
}
