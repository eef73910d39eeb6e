import type { Answer } from '../app.js';
import { countRecords, recordsOfRequest } from '../records.js';
import type { AppOf } from './route.js';

export interface AuditedChange {
  readonly event: string;
  readonly subjectType: string;
  readonly subjectId: (answer: Answer) => number;
  readonly act: () => Promise<Answer>;
  readonly before?: object | null;
  readonly after?: object | null;
  /** Texts that must stand nowhere in the record. */
  readonly secrets?: readonly string[];
}

/** One change, one record: who, what, before and after, and no secret. */
export function itIsAudited(app: AppOf, change: AuditedChange): void {
  it(`records ${change.event} once, with what it changed`, async () => {
    const earlier = await countRecords(app());
    const answer = await change.act();
    expect(answer.status).toBeLessThan(300);
    expect((await countRecords(app())) - earlier).toBe(1);
    const [record] = await recordsOfRequest(app(), answer);
    expect(record).toMatchObject({
      event: change.event,
      subjectType: change.subjectType,
      subjectId: change.subjectId(answer),
      address: '127.0.0.1',
      at: app().clock.instant(),
    });
    if (change.before !== undefined) expect(record?.before).toEqual(change.before);
    if (change.after !== undefined) expect(record?.after).toEqual(change.after);
    for (const secret of change.secrets ?? []) expect(JSON.stringify(record)).not.toContain(secret);
  });
}
