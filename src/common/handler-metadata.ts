import 'reflect-metadata';

type Handler = object;

const known = new WeakMap<Handler, Map<string, unknown>>();

/**
 * What a decorator said about a handler, or undefined. Guards ask at every request, and walking the metadata costs more
 * than what most of them decide; decorators have spoken before the first request, so one walk is enough.
 */
export function metadataOf<Value>(handler: Handler, key: string): Value | undefined {
  let values = known.get(handler);
  if (!values) known.set(handler, (values = new Map<string, unknown>()));
  if (!values.has(key)) values.set(key, Reflect.getMetadata(key, handler));
  return values.get(key) as Value | undefined;
}
