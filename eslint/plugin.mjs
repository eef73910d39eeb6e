import { accessDecorator } from './access-decorator.mjs';
import { noTypeImportOfDto } from './no-type-import-of-dto.mjs';

/** The rules of this project that no published plugin has. */
export const crm = {
  meta: { name: 'eslint-plugin-crm' },
  rules: {
    'access-decorator': accessDecorator,
    'no-type-import-of-dto': noTypeImportOfDto,
  },
};
