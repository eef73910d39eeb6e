import { RuleTester } from 'eslint';
import tseslint from 'typescript-eslint';
import { noTypeImportOfDto } from './no-type-import-of-dto.mjs';

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });
const errors = [{ messageId: 'typeOnly' }];

tester.run('no-type-import-of-dto', noTypeImportOfDto, {
  valid: [
    "import { CreateThingRequest } from './things.dto.js';",
    "export { CreateThingRequest } from './things.dto.js';",
    "import type { Thing } from './thing.entity.js';",
    "import { type Thing } from './things.service.js';",
    "type Thing = import('./thing.entity.js').Thing;",
    'export type { Thing };',
  ],
  invalid: [
    {
      code: "import type { CreateThingRequest } from './things.dto.js';",
      output: "import { CreateThingRequest } from './things.dto.js';",
      errors,
    },
    {
      code: "import type * as dto from '../things/things.dto.js';",
      output: "import * as dto from '../things/things.dto.js';",
      errors,
    },
    {
      code: "import { ThingResponse, type CreateThingRequest, type Thing } from './things.dto.js';",
      output: "import { ThingResponse, CreateThingRequest, Thing } from './things.dto.js';",
      errors: [...errors, ...errors],
    },
    { code: "export type { CreateThingRequest } from './things.dto.js';", errors },
    { code: "export { type CreateThingRequest } from './things.dto.js';", errors },
    { code: "export type * from './things.dto.js';", errors },
    { code: "type Request = import('./things.dto.js').CreateThingRequest;", errors },
  ],
});
