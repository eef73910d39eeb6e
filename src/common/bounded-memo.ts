/**
 * Remembers what a pure function made of a text, for as many texts as fit; then it starts afresh. For texts that come back
 * at nearly every request, such as addresses, whoever chooses them.
 */
export function boundedMemo<Value>(capacity: number, make: (text: string) => Value): (text: string) => Value {
  const made = new Map<string, Value>();
  return (text) => {
    const known = made.get(text);
    if (known !== undefined || made.has(text)) return known as Value;
    if (made.size >= capacity) made.clear();
    const value = make(text);
    made.set(text, value);
    return value;
  };
}
