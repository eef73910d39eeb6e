import fc from 'fast-check';
import { Metrics, type MetricSource } from './metrics.service.js';
import { type EndedRequest, RequestMetrics } from './request-metrics.js';
import type { Sample } from './exposition.js';

const ROUTE = '/crm/customers/:customer_id';
const request = (more: Partial<EndedRequest> = {}): EndedRequest => ({
  route: ROUTE,
  method: 'GET',
  status: 200,
  millis: 2,
  ...more,
});

function setUp() {
  const sources = new Map<string, MetricSource>();
  const metrics: Pick<Metrics, 'register'> = { register: (...all) => all.forEach((it) => sources.set(it.name, it)) };
  const counted = new RequestMetrics(metrics as Metrics);
  const read = (name: string): Sample[] => {
    const reading = sources.get(name)?.read();
    return (typeof reading === 'number' ? [{ value: reading }] : reading) as Sample[];
  };
  return { counted, read };
}

describe('RequestMetrics', () => {
  it('counts by template, method and status', () => {
    const { counted, read } = setUp();
    for (const status of [200, 200, 404]) counted.count(request({ status }));
    counted.count(request({ method: 'PATCH' }));
    expect(read('http_requests_total')).toEqual([
      { labels: `route="${ROUTE}",method="GET",status="200"`, value: 2 },
      { labels: `route="${ROUTE}",method="GET",status="404"`, value: 1 },
      { labels: `route="${ROUTE}",method="PATCH",status="200"`, value: 1 },
    ]);
  });

  it('shares the durations among the statuses of a class', () => {
    const { counted, read } = setUp();
    for (const status of [200, 201, 204, 401]) counted.count(request({ status }));
    const counts = read('http_request_duration_seconds').filter(({ suffix }) => suffix === '_count');
    expect(counts.map(({ labels, value }) => [labels?.slice(-18), value])).toEqual([
      ['status_class="2xx"', 3],
      ['status_class="4xx"', 1],
    ]);
  });

  it('has no series for what clients make up', () => {
    const { counted, read } = setUp();
    const made = fc.record({ method: fc.string(), route: fc.constant(undefined), millis: fc.nat() });
    fc.assert(fc.property(made, (more) => counted.count(request({ ...more, status: 404 }))));
    const labels = read('http_requests_total').map((sample) => sample.labels);
    expect(labels).toEqual(['route="unrouted",method="other",status="404"']);
  });

  it('has buckets that ascend to the count, each with those that took no longer than its bound', () => {
    const duration = fc.oneof(
      fc.double({ min: 0, max: 20_000, noNaN: true }),
      fc.constantFrom(1, 2.5, 50, 1_000, 10_000),
    );
    const durations = fc.array(duration, { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(durations, (all) => {
        const { counted, read } = setUp();
        for (const millis of all) counted.count(request({ millis }));
        const samples = read('http_request_duration_seconds');
        const buckets = samples.filter(({ suffix }) => suffix === '_bucket');
        for (const { labels = '', value } of buckets) {
          const [, bound = ''] = /,le="([^"]+)"$/.exec(labels) ?? [];
          const upTo = bound === '+Inf' ? Infinity : Number(bound);
          expect(value).toBe(all.filter((millis) => millis / 1_000 <= upTo).length);
        }
        const of = (suffix: string): number | undefined => samples.find((sample) => sample.suffix === suffix)?.value;
        expect(buckets.at(-1)).toMatchObject({ labels: expect.stringContaining('le="+Inf"'), value: all.length });
        expect(of('_count')).toBe(all.length);
        expect(of('_sum')).toBeCloseTo(all.reduce((sum, millis) => sum + millis, 0) / 1_000);
      }),
    );
  });

  it('knows how many are being answered', () => {
    const { counted, read } = setUp();
    counted.begun();
    counted.begun();
    counted.ended(request());
    counted.count(request()); // one that never began, for it could not be routed
    expect(read('http_requests_in_flight')).toEqual([{ value: 1 }]);
  });
});
