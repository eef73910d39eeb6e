import { PerformanceObserver } from 'node:perf_hooks';
import { processFamilies, watchProcess } from './process-metrics.js';

describe('watchProcess', () => {
  const observe = jest.spyOn(PerformanceObserver.prototype, 'observe');
  beforeAll(() => void watchProcess());

  it('asks Node to tell of nothing each time that it happens', () => expect(observe).not.toHaveBeenCalled());

  it('tells a long collection by the lag of the event loop', () => {
    expect(processFamilies().map(({ name }) => name)).toContain('nodejs_eventloop_lag_max_seconds');
  });
});
