/** `did you mean x?` for a mistyped name, else the names there are: the rest of a sentence, ready to be appended. */
export function proposal(name: string, known: readonly string[]): string {
  const nearest = nearestName(name.toLowerCase(), known);
  return nearest === null ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`;
}

/** The nearest name that a slip of the fingers could have meant; null when none is near. */
function nearestName(name: string, known: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Infinity;
  for (const candidate of known) {
    const most = Math.max(2, Math.floor(candidate.length / 3));
    // Each letter too many is a change, so the lengths alone rule most names out, and cheaply.
    if (Math.abs(candidate.length - name.length) > most) continue;
    const changes = distance(name, candidate.toLowerCase());
    if (changes <= most && changes < least) [nearest, least] = [candidate, changes];
  }
  return nearest;
}

/** Levenshtein's distance: how many letters must be put in, taken out or changed. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
