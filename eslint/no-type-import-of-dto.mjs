const DTO_MODULE = /\.dto(\.js)?$/;

/** @type {import('eslint').Rule.RuleModule} */
export const noTypeImportOfDto = {
  meta: {
    type: 'problem',
    docs: { description: 'A DTO is imported as a value: its class is what validates and documents at run time.' },
    fixable: 'code',
    schema: [],
    messages: {
      typeOnly:
        'A type-only import of a DTO switches validation and documentation off without a word: import the class itself.',
    },
  },
  create(context) {
    const isDto = (source) => DTO_MODULE.test(source?.value ?? '');
    const withoutTypeWord = (fixer, node) => {
      const [first, second] = context.sourceCode.getFirstTokens(node, 2);
      switch (node.type) {
        case 'ImportDeclaration': // import type {
          return fixer.removeRange([first.range[1], second.range[1]]);
        case 'ImportSpecifier': // type Name
          return fixer.removeRange([first.range[0], second.range[0]]);
        default: // Whether what is re-exported has a value is not to be seen from here.
          return null;
      }
    };
    const report = (node) =>
      context.report({ node, messageId: 'typeOnly', fix: (fixer) => withoutTypeWord(fixer, node) });
    return {
      'ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration'(node) {
        if (!isDto(node.source)) {
          return;
        }
        if (node.importKind === 'type' || node.exportKind === 'type') {
          report(node);
          return;
        }
        (node.specifiers ?? []).filter((it) => it.importKind === 'type' || it.exportKind === 'type').forEach(report);
      },
      TSImportType(node) {
        if (isDto(node.source ?? node.argument?.literal)) {
          report(node);
        }
      },
    };
  },
};
