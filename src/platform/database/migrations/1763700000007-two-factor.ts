import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, int, nullable, primary, text } from './schema.js';

export class TwoFactor1763700000007 implements MigrationInterface {
  name = 'TwoFactor1763700000007';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    const references = { user_id: { table: 'users', column: 'user_id', onDelete: 'CASCADE' } } as const;
    await createTable(runner, 'two_factor_secrets', {
      columns: [
        int('user_id', primary),
        text('ciphertext', 200),
        int('pepper_version'),
        int('last_step', nullable),
        instant('created'),
      ],
      references,
    });
    await createTable(runner, 'backup_codes', {
      columns: [id('backup_code_id'), int('user_id'), text('digest', 64)],
      unique: [['user_id', 'digest']],
      references,
    });
    await createTable(runner, 'login_challenges', {
      columns: [id('challenge_id'), int('user_id'), int('tries'), instant('created'), instant('expires_at')],
      indexes: [['user_id'], ['expires_at']],
      references,
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['login_challenges', 'backup_codes', 'two_factor_secrets']);
  }
}
