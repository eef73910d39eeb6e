const ACCESS = new Set(['RequirePermission', 'Authenticated', 'Public']);

// Everything with which Nest registers a route: a forgotten verb would be a door without a guard.
const ROUTES = new Set(
  ['Get', 'Post', 'Put', 'Patch', 'Delete', 'Head', 'Options', 'All', 'Search', 'Sse', 'RequestMapping'].concat(
    ['Propfind', 'Proppatch', 'Mkcol', 'Copy', 'Move', 'Lock', 'Unlock'], // WebDAV
  ),
);

/**
 * @param {import('eslint').Scope.Scope | null} scope
 * @param {string} name
 * @returns {string} the name under which the module exports what is called `name` here
 */
function importedName(scope, name) {
  for (let current = scope; current; current = current.upper) {
    const definition = current.set.get(name)?.defs[0];
    if (definition) {
      return definition.node.type === 'ImportSpecifier' ? definition.node.imported.name : name;
    }
  }
  return name;
}

/** @type {import('eslint').Rule.RuleModule} */
export const accessDecorator = {
  meta: {
    type: 'problem',
    docs: { description: 'Every route says who may call it: with one access decorator, and only one.' },
    schema: [],
    messages: {
      missing:
        'Route {{name}} does not say who may call it: add @RequirePermission(...), @Authenticated() or @Public().',
      several: 'Route {{name}} says {{count}} times who may call it ({{found}}): keep one.',
    },
  },
  create(context) {
    const namesOf = (node) => {
      const scope = context.sourceCode.getScope(node);
      return (node.decorators ?? []).map(({ expression }) => {
        const callee = expression.type === 'CallExpression' ? expression.callee : expression;
        return callee.type === 'MemberExpression' ? callee.property.name : importedName(scope, callee.name);
      });
    };
    return {
      MethodDefinition(node) {
        const decorators = namesOf(node);
        if (!decorators.some((name) => ROUTES.has(name)) || !namesOf(node.parent.parent).includes('Controller')) {
          return;
        }
        const found = decorators.filter((name) => ACCESS.has(name));
        if (found.length === 1) {
          return;
        }
        context.report({
          node: node.key,
          messageId: found.length === 0 ? 'missing' : 'several',
          data: {
            name: context.sourceCode.getText(node.key),
            count: String(found.length),
            found: found.map((name) => `@${name}`).join(', '),
          },
        });
      },
    };
  },
};
