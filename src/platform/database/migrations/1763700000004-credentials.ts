import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, flag, id, instant, int, json, longText, nullable, primary, text } from './schema.js';

export class Credentials1763700000004 implements MigrationInterface {
  name = 'Credentials1763700000004';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await this.apiKeys(runner);
    await createTable(runner, 'sessions', {
      columns: [
        id('session_id'),
        int('user_id'),
        int('generation'),
        instant('created'),
        instant('rotated_at'),
        instant('last_seen_at'),
        instant('expires_at'),
        instant('ended_at', nullable),
        text('address', 45),
        text('device', 256, nullable),
      ],
      indexes: [['user_id', 'session_id'], ['expires_at']],
      references: { user_id: { table: 'users', column: 'user_id', onDelete: 'CASCADE' } },
    });
    await createTable(runner, 'trusted_addresses', {
      columns: [text('address', 50, primary), instant('last_used_at'), text('last_used_address', 45)],
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, [
      'trusted_addresses',
      'sessions',
      'api_key_rotations',
      'api_key_customers',
      'api_key_roles',
      'api_keys',
    ]);
  }

  private async apiKeys(runner: QueryRunner): Promise<void> {
    await createTable(runner, 'api_keys', {
      columns: [
        id('api_key_id'),
        text('kind', 20),
        text('source', 20),
        text('name', 100),
        text('name_key', 100),
        text('description', 500, nullable),
        text('mask', 32),
        longText('search_text'),
        text('digest', 64, nullable),
        int('pepper_version'),
        json('permissions'),
        text('flagged_status', 20),
        instant('expiry_date', nullable),
        instant('revoked_at', nullable),
        int('created_by_user_id', nullable),
        int('created_by_key_id', nullable),
        text('created_by', 254, nullable),
        flag('is_protected'),
        flag('is_bound_to_creator'),
        json('allowed_addresses', nullable),
        int('rate_limit', nullable),
        instant('last_used_at', nullable),
        text('last_used_address', 45, nullable),
        int('version'),
        instant('created'),
        instant('updated'),
      ],
      unique: [['digest']],
      indexes: [
        ['name_key', 'api_key_id'],
        ['created', 'api_key_id'],
        ['expiry_date', 'api_key_id'],
        ['created_by', 'api_key_id'],
        ['created_by_user_id'],
        ['created_by_key_id'],
      ],
    });
    const key = { table: 'api_keys', column: 'api_key_id', onDelete: 'CASCADE' } as const;
    await createTable(runner, 'api_key_roles', {
      columns: [int('api_key_id', primary), int('role_id', primary)],
      indexes: [['role_id']],
      references: { api_key_id: key, role_id: { table: 'roles', column: 'role_id', onDelete: 'RESTRICT' } },
    });
    await createTable(runner, 'api_key_rotations', {
      columns: [
        int('api_key_id', primary),
        text('previous_digest', 64),
        int('previous_pepper_version'),
        text('previous_mask', 32),
        instant('previous_valid_until'),
        int('retire_seconds_after_first_use', nullable),
        instant('first_used_at', nullable),
        instant('created'),
      ],
      unique: [['previous_digest']],
      references: { api_key_id: key },
    });
    await createTable(runner, 'api_key_customers', {
      columns: [int('api_key_id', primary), int('customer_id', primary)],
      indexes: [['customer_id']],
      references: {
        api_key_id: key,
        customer_id: { table: 'customers', column: 'customer_id', onDelete: 'CASCADE' },
      },
    });
  }
}
