import { Clock } from '../../common/clock.js';
import { Recent } from './recent.js';

class Hand extends Clock {
  now = 0;
  override millis(): number {
    return this.now;
  }
}

describe('Recent', () => {
  afterEach(() => jest.useRealTimers());

  it('asks once in five seconds, however many want to know', async () => {
    const clock = new Hand();
    let asked = 0;
    const recent = new Recent(clock, () => Promise.resolve((asked += 1)));
    expect(await Promise.all([recent.get(), recent.get(), recent.get()])).toEqual([1, 1, 1]);
    clock.now += 4_999;
    expect(await recent.get()).toBe(1);
    clock.now += 1;
    expect(await recent.get()).toBe(2);
  });

  it('tells nothing where the question fails, and asks again later', async () => {
    const clock = new Hand();
    const answers = [Promise.reject(new Error('away')), Promise.resolve('there')];
    const recent = new Recent(clock, () => answers.shift() ?? Promise.resolve('more'));
    expect(await recent.get()).toBeNull();
    clock.now += 5_000;
    expect(await recent.get()).toBe('there');
  });

  it('waits a second at most, and does not ask again while there is no answer', async () => {
    jest.useFakeTimers();
    const clock = new Hand();
    let asked = 0;
    const late = Promise.withResolvers<string>();
    const recent = new Recent(clock, () => {
      asked += 1;
      return late.promise;
    });
    const first = recent.get();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await first).toBeNull();
    clock.now += 60_000;
    const second = recent.get();
    late.resolve('at last');
    expect(await second).toBe('at last');
    expect(asked).toBe(1);
  });
});
