/** The oldest that have what our statements ask of them (`JSON_TABLE`, docs/adr/0018). */
const OLDEST = { MariaDB: [10, 6], MySQL: [8, 0] } as const;

export interface ServerVersion {
  readonly product: keyof typeof OLDEST;
  readonly version: string;
  readonly isTooOld: boolean;
}

/** Reads what `SELECT VERSION()` answers, e.g. `10.11.19-MariaDB-0+deb12u1` or `8.4.2`. */
export function serverVersion(text: string): ServerVersion {
  const product = text.includes('MariaDB') ? 'MariaDB' : 'MySQL';
  // MariaDB calls itself 5.5.5 first where it is read by those who know MySQL alone.
  const [version = '', major = '', minor = ''] = /(\d+)\.(\d+)[.\d]*/.exec(text.replace(/^5\.5\.5-/, '')) ?? [];
  const [leastMajor, leastMinor] = OLDEST[product];
  const isTooOld = Number(major) < leastMajor || (Number(major) === leastMajor && Number(minor) < leastMinor);
  return { product, version, isTooOld };
}

export function oldestServers(): string {
  return Object.entries(OLDEST)
    .map(([product, version]) => `${product} ${version.join('.')}`)
    .join(' or ');
}
