/** Longer texts are made anew each time: clients choose them, and a thousand of 16 KB each would be kept for nobody. */
const LONGEST = 512;

/**
 * Remembers what a pure function made of a text, for as many texts as fit; then it starts afresh. For texts that come back
 * at nearly every request, such as addresses, whoever chooses them.
 */
export function boundedMemo<Value>(capacity: number, make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>();
  return (text) => {
    if (text.length > LONGEST) return make(text);
    const known = made.get(text);
    if (known !== undefined || made.has(text)) return known as Value;
    if (made.size >= capacity) made.clear();
    const value = make(text);
    made.set(text, value);
    return value;
  };
}
