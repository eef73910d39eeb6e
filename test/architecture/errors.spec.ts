import '../../src/app.setup.js';
import { declaredErrors } from '../../src/common/errors.js';
import { files, read } from './files.js';

interface Use {
  readonly constant: string;
  readonly name: string;
  readonly code: string;
}

const sources = files('src', '.ts').filter((path) => !path.endsWith('.spec.ts'));

/** Every error as the source declares it: `CustomerErrors.notFound`, `customers.not_found`. */
const declared: Use[] = sources.flatMap((path) =>
  [...read(path).matchAll(/(?:const (\w+)[^=;]*) = defineErrors\('(\w+)', \{([\s\S]*?)\n\}\)(\.\w+)?/g)].flatMap(
    ([, constant = '', feature = '', body = '', picked]) =>
      [...body.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => ({
        constant,
        name: picked ? '' : `.${name}`,
        code: `${feature}.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      })),
  ),
);
const codes = declared.map(({ code }) => code).sort();

describe('an error', () => {
  it('is declared once, and known at run time', () => {
    expect(new Set(codes).size).toBe(codes.length);
    expect(
      declaredErrors()
        .map(({ code }) => code)
        .sort(),
    ).toEqual(codes);
  });

  it('is thrown somewhere: a controller only tells of it', () => {
    const texts = sources.filter((path) => !/\.controller\.ts$|^src\/api-document\.ts$/.test(path)).map(read);
    const count = (use: string): number =>
      texts.reduce((sum, text) => sum + (text.match(new RegExp(`\\b${use}\\b`, 'g'))?.length ?? 0), 0);
    // A constant that is one error by itself appears at its declaration, too, and in the import of whoever throws it.
    const unused = declared.filter(
      ({ constant, name }) => count(`${constant}${name.replace('.', '\\.')}`) < (name ? 1 : 3),
    );
    expect(unused.map(({ code }) => code)).toEqual([]);
  });

  it('is in docs/errors.md, and nothing else is', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| `([\w.]+)` \|/gm)].map(([, code]) => code);
    expect(listed).toEqual([...codes]);
  });

  it('is what the tests and the documents speak of', () => {
    const features = new Set(codes.map((code) => code.split('.')[0]));
    // Settings are called alike: `personal_tokens.enabled`.
    const settings = files('src', '.settings.ts').flatMap((path) =>
      [...read(path).matchAll(/defineSetting<\w+>\('([\w.]+)'/g)].map(([, name]) => name),
    );
    const named = [...files('test', '.ts'), ...files('docs', '.md'), 'README.md'].flatMap((path) =>
      [...read(path).matchAll(/['`]([a-z_]+\.[a-z_]+)['`]/g)]
        .map(([, code = '']) => code)
        .filter((code) => features.has(code.split('.')[0] ?? '') && !/\.(?:ts|js|md|json)$/.test(code))
        .filter((code) => !codes.includes(code) && !settings.includes(code))
        .map((code) => `${path}: ${code}`),
    );
    expect(named).toEqual([]);
  });

  it('has a sentence that ends', () => {
    const strange = declaredErrors().filter(({ detail }) => !/^[A-Z].*(?:[.!]|\{reason\})$/.test(detail));
    expect(strange).toEqual([]);
  });
});
