import { inspect } from 'node:util';
import { SecretText } from './secret-text.js';

describe('SecretText', () => {
  it('gives its text once', () => {
    const secret = new SecretText('correct horse');
    expect(secret.take()).toBe('correct horse');
    expect(() => secret.take()).toThrow('taken already');
  });

  it('can be taken when it is frozen', () => {
    expect(Object.freeze(new SecretText('correct horse')).take()).toBe('correct horse');
  });

  it.each([
    ['a template', (secret: SecretText) => `${String(secret)}`],
    ['JSON', (secret: SecretText) => JSON.stringify({ secret })],
    ['inspection', (secret: SecretText) => inspect({ secret }, { showHidden: true, depth: 9 })],
    ['enumeration', (secret: SecretText) => Object.entries(secret).join()],
  ])('does not show itself in %s', (_way, show) => {
    expect(show(new SecretText('correct horse'))).not.toContain('horse');
  });
});
