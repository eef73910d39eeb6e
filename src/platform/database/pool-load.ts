export interface DatabaseLoad {
  /** Null where there is no pool, or where it does not tell. */
  readonly connections: { readonly inUse: number; readonly idle: number } | null;
  readonly waiting: number | null;
}

interface Counted {
  readonly length: number;
}

/** Of several pools together. */
export function poolsLoad(pools: readonly object[]): DatabaseLoad {
  return pools.map(poolLoad).reduce((sum, load) => ({
    connections: sum.connections &&
      load.connections && {
        inUse: sum.connections.inUse + load.connections.inUse,
        idle: sum.connections.idle + load.connections.idle,
      },
    waiting: sum.waiting === null || load.waiting === null ? null : sum.waiting + load.waiting,
  }));
}

/** The driver's pool has no words for how busy it is, so its lists are looked at, and are not relied upon. */
function poolLoad(pool: object): DatabaseLoad {
  const { _allConnections: all, _freeConnections: free, _connectionQueue: queue } = pool as Record<string, Counted>;
  const connections = all && free ? { inUse: all.length - free.length, idle: free.length } : null;
  return { connections, waiting: queue?.length ?? null };
}
