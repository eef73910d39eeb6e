type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** A flat section of the file, under the names that the code uses. */
export type CamelCased<Section> = { readonly [Name in keyof Section as Camel<Name & string>]: Section[Name] };

/** `max_lifetime_days` becomes `maxLifetimeDays`; values stay as they are. */
export function camelCased<Section extends object>(section: Section): CamelCased<Section> {
  const renamed = Object.entries(section).map(([name, value]) => [
    name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    value as unknown,
  ]);
  return Object.fromEntries(renamed) as CamelCased<Section>;
}
