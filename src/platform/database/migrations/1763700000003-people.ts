import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, flag, id, instant, int, json, longText, nullable, primary, text } from './schema.js';

export class People1763700000003 implements MigrationInterface {
  name = 'People1763700000003';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'roles', {
      columns: [
        id('role_id'),
        text('name', 64),
        text('name_key', 64),
        text('description', 500, nullable),
        json('permissions'),
        longText('search_text'),
        flag('is_built_in'),
        int('version'),
        instant('created'),
        instant('updated'),
      ],
      unique: [['name_key']],
    });
    await createTable(runner, 'customers', {
      columns: [
        id('customer_id'),
        text('customer_name', 200),
        text('name_key', 200),
        text('customer_type', 20),
        text('status', 20),
        text('email', 254, nullable),
        text('phone', 50, nullable),
        text('line1', 200, nullable),
        text('line2', 200, nullable),
        text('city', 100, nullable),
        text('state', 100, nullable),
        text('postcode', 20, nullable),
        text('country', 100, nullable),
        text('country_key', 100, nullable),
        text('tax_id', 50, nullable),
        text('currency', 3, nullable),
        text('language', 35, nullable),
        text('account_manager', 100, nullable),
        text('account_manager_key', 100, nullable),
        int('version'),
        instant('created'),
        instant('updated'),
      ],
      indexes: [
        ['name_key', 'customer_id'],
        ['created', 'customer_id'],
        ['updated', 'customer_id'],
        ['status', 'customer_id'],
        ['customer_type', 'customer_id'],
        ['country_key', 'customer_id'],
        ['account_manager_key', 'customer_id'],
      ],
    });
    await createTable(runner, 'customer_words', {
      columns: [int('customer_id', primary), text('word', 64, primary)],
      indexes: [['word', 'customer_id']],
      references: { customer_id: { table: 'customers', column: 'customer_id', onDelete: 'CASCADE' } },
    });
    await this.users(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['user_customers', 'user_roles', 'users', 'customer_words', 'customers', 'roles']);
  }

  private async users(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'users', {
      columns: [
        id('user_id'),
        text('email', 254),
        text('email_key', 254),
        text('name', 200),
        text('status', 20),
        longText('search_text'),
        text('password_digest', 200, nullable),
        instant('sessions_valid_after', nullable),
        instant('last_login_at', nullable),
        instant('last_used_at', nullable),
        text('last_used_address', 45, nullable),
        instant('two_factor_since', nullable),
        int('version'),
        instant('created'),
        instant('updated'),
      ],
      unique: [['email_key']],
    });
    const user = { table: 'users', column: 'user_id', onDelete: 'CASCADE' } as const;
    await createTable(runner, 'user_roles', {
      columns: [int('user_id', primary), int('role_id', primary)],
      indexes: [['role_id']],
      references: { user_id: user, role_id: { table: 'roles', column: 'role_id', onDelete: 'RESTRICT' } },
    });
    await createTable(runner, 'user_customers', {
      columns: [int('user_id', primary), int('customer_id', primary)],
      indexes: [['customer_id']],
      references: {
        user_id: user,
        customer_id: { table: 'customers', column: 'customer_id', onDelete: 'CASCADE' },
      },
    });
  }
}
