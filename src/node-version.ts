const MINIMUM = [22, 14] as const;

/** Add-ons built for newer Nodes crash older ones without a word, so this is said before any is loaded. */
export function assertNodeVersion(version = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  process.stderr.write(
    `OmniCRM needs Node ${MINIMUM.join('.')} or newer; this is ${version}. Start it with "npm start", which brings its own.\n`,
  );
  process.exit(1);
}
