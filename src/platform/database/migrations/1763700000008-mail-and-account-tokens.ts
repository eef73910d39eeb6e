import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createTable, dropTables, id, instant, int, json, longText, nullable, text } from './schema.js';

export class MailAndAccountTokens1763700000008 implements MigrationInterface {
  name = 'MailAndAccountTokens1763700000008';

  async up(runner: QueryRunner): Promise<void> {
    await this.down(runner);
    await createTable(runner, 'mail_messages', {
      columns: [
        id('message_id'),
        text('message_key', 32),
        text('template', 40),
        text('recipient', 254),
        text('subject', 200),
        longText('body', nullable),
        int('pepper_version'),
        text('status', 20),
        int('attempts'),
        instant('next_attempt_at'),
        text('locked_by', 64, nullable),
        instant('locked_until', nullable),
        text('last_error', 500, nullable),
        instant('created'),
        instant('finished_at', nullable),
      ],
      unique: [['message_key']],
      indexes: [['status', 'next_attempt_at'], ['finished_at']],
    });
    await createTable(runner, 'account_tokens', {
      columns: [
        id('token_id'),
        text('purpose', 20),
        text('digest', 64),
        int('pepper_version'),
        int('user_id', nullable),
        text('email', 254),
        text('email_key', 254),
        text('password_mark', 64, nullable),
        json('payload', nullable),
        instant('created'),
        instant('expires_at'),
      ],
      unique: [['digest']],
      indexes: [['user_id'], ['email_key', 'created'], ['expires_at']],
      references: { user_id: { table: 'users', column: 'user_id', onDelete: 'CASCADE' } },
    });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropTables(runner, ['account_tokens', 'mail_messages']);
  }
}
