import { Clock } from '../../src/common/clock.js';

/** A clock that stands until it is moved. */
export class TestClock extends Clock {
  constructor(private now = Date.parse('2030-03-01T12:00:00.000Z')) {
    super();
  }

  override millis(): number {
    return this.now;
  }

  advance(millis: number): void {
    this.now += millis;
  }
}
