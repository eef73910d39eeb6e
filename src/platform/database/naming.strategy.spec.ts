import { SnakeNaming } from './naming.strategy.js';

describe('SnakeNaming', () => {
  const naming = new SnakeNaming();

  it.each([
    ['apiKeyId', 'api_key_id'],
    ['line1', 'line1'],
    ['at', 'at'],
    ['emailKey', 'email_key'],
    ['durationMs', 'duration_ms'],
  ])('names the column of %s %s', (property, column) => {
    expect(naming.columnName(property, undefined, [])).toBe(column);
  });

  it('names constraints by what they are, in any schema', () => {
    expect(naming.uniqueConstraintName('users', ['email_key'])).toBe('uq_users_email_key');
    expect(naming.foreignKeyName('crm.user_roles', ['role_id'])).toBe('fk_user_roles_role_id');
    expect(naming.indexName('api_keys', ['created', 'api_key_id'])).toBe('ix_api_keys_created_api_key_id');
    expect(naming.primaryKeyName('users')).toBe('pk_users');
  });
});
