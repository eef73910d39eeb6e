import { PerformanceObserver } from 'node:perf_hooks';

describe('watchProcess', () => {
  const observe = jest.spyOn(PerformanceObserver.prototype, 'observe');
  let processFamilies: typeof import('./process-metrics.js').processFamilies;

  // It begins once: in what other tests have loaded it may have begun already.
  beforeAll(() =>
    jest.isolateModulesAsync(async () => {
      const metrics = await import('./process-metrics.js');
      metrics.watchProcess();
      ({ processFamilies } = metrics);
    }),
  );

  it('asks Node to tell of nothing each time that it happens', () => expect(observe).not.toHaveBeenCalled());

  it('tells a long collection by the lag of the event loop', () => {
    expect(processFamilies().map(({ name }) => name)).toContain('nodejs_eventloop_lag_max_seconds');
  });
});
