import { setFlagsFromString } from 'node:v8';

/**
 * The old space grows by a fifth between two sweeps rather than to twice its size. The size of the young space is taken at
 * the birth of a process only, so it stands in `npm start`.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
}
