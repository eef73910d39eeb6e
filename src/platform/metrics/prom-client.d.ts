/** One of the library's default metrics, or a few that belong together: it registers them and begins to watch. */
declare module 'prom-client/lib/metrics/*.js' {
  import type { Registry } from 'prom-client';

  interface Watching {
    /** How often the event loop's delay is measured, in milliseconds. */
    readonly eventLoopMonitoringPrecision: number;
  }

  function watch(registry: Registry, config: Watching): void;
  export = watch;
}
