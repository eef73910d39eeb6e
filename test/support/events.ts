import { Database } from '../../src/platform/database/database.js';
import { OutboxEvent } from '../../src/platform/outbox/outbox-event.entity.js';
import type { TestApp } from './app.js';

export interface SeenEvent extends Omit<OutboxEvent, 'data'> {
  readonly data: Record<string, any>;
}

/** What was published about an API key, oldest first. */
export async function eventsOf(app: TestApp, apiKeyId: number): Promise<SeenEvent[]> {
  const where = { subjectType: 'api_key', subjectId: apiKeyId };
  return app
    .get(Database)
    .repository(OutboxEvent)
    .find({ where, order: { eventId: 'ASC' } });
}
