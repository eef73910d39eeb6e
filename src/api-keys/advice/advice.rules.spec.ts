import { DAY, toInstant } from '../../common/clock.js';
import type { ApiKeyView } from '../api-key.view.js';
import { adviceFor, type KeyFacts } from './advice.rules.js';

const NOW = Date.parse('2030-06-01T00:00:00.000Z');
const ago = (days: number): string => toInstant(NOW - days * DAY);

function keyOf(effectivePermissions: string[], key: Partial<ApiKeyView['key']> = {}): ApiKeyView {
  const sound = { created: ago(90), lastUsedAt: ago(1), expiryDate: ago(-90), ...key };
  return { key: sound, effectivePermissions } as ApiKeyView;
}

const facts = (used: string[], more: Partial<KeyFacts> = {}): KeyFacts => {
  return { now: toInstant(NOW), used: new Set(used), isCreatorGone: false, ...more };
};

describe('adviceFor', () => {
  it('says nothing about a key that uses what it holds and will end', () => {
    expect(adviceFor(keyOf(['view_customer']), facts(['view_customer']))).toEqual([]);
  });

  it('names the permissions that were not used in 90 days, once the key is that old', () => {
    const [advice] = adviceFor(keyOf(['view_customer', 'create_customer']), facts(['view_customer']));
    expect(advice).toMatchObject({ code: 'unused_permissions', permissions: ['create_customer'] });
    expect(advice?.detail).toContain('create_customer');
    expect(adviceFor(keyOf(['view_customer'], { created: ago(89.9) }), facts([]))).toEqual([]);
  });

  it('tells an admin key what would have been enough', () => {
    const [advice, ...others] = adviceFor(keyOf(['admin']), facts(['view_user', 'view_customer']));
    expect(advice).toMatchObject({ code: 'admin', permissions: ['view_customer', 'view_user'] });
    expect(others).toEqual([]);
  });

  it('names what else is wrong, gravest first', () => {
    const key = keyOf(['admin'], { lastUsedAt: null, expiryDate: null });
    const codes = adviceFor(key, facts([], { isCreatorGone: true })).map(({ code }) => code);
    expect(codes).toEqual(['admin', 'never_used', 'never_expires', 'creator_gone']);
  });
});
