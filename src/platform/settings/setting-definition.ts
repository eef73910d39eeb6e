/** What fits a column of JSON and a field of a request. */
export type SettingValue = boolean | number | string | string[];

/** What can be decided while the server runs, by API (the configuration file is for what the operator decides before). */
export interface SettingDefinition<Value extends SettingValue = SettingValue> {
  /** `<feature>.<what>`, lower snake case. */
  readonly name: string;
  /** One sentence for whoever decides. */
  readonly description: string;
  /** Holds until somebody changes it. */
  readonly default: Value;
}

/** A feature declares its own, beside what hangs on it. */
export function defineSetting<Value extends SettingValue>(
  name: string,
  about: Omit<SettingDefinition<Value>, 'name'>,
): SettingDefinition<Value> {
  return { name, ...about };
}
