import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Revisions } from '../database/revisions.js';
import type { SettingDefinition, SettingValue } from './setting-definition.js';
import { SettingsRepository } from './settings.repository.js';

export type SettingValues = Readonly<Record<string, SettingValue>>;

/** All settings as they stand. */
export interface SettingsState {
  /** Grows with each change of any of them. */
  readonly version: number;
  readonly values: SettingValues;
}

/**
 * What can be changed while the server runs. Read once and dropped when any setting changes: a change counts at once
 * here and within a second on every other node.
 */
@Injectable()
export class Settings {
  private readonly definitions = new Map<string, SettingDefinition>();
  private cached: SettingsState | null = null;

  constructor(
    private readonly rows: SettingsRepository,
    private readonly revisions: Revisions,
    private readonly clock: Clock,
  ) {
    revisions.onStale(() => (this.cached = null));
  }

  /** Called by the module of the feature that it belongs to. Two features that declare one name are a mistake of ours. */
  declare(definition: SettingDefinition): void {
    const known = this.definitions.get(definition.name);
    if (known && known !== definition) throw new Error(`${definition.name} is declared twice`);
    this.definitions.set(definition.name, definition);
  }

  list(): SettingDefinition[] {
    return [...this.definitions.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async get<Value extends SettingValue>(definition: SettingDefinition<Value>): Promise<Value> {
    if (!this.definitions.has(definition.name)) throw new Error(`${definition.name} was not declared`);
    const { values } = await this.known();
    return values[definition.name] as Value;
  }

  /** As the database has them at this moment. */
  async read(): Promise<SettingsState> {
    const rows = await this.rows.all();
    const changed = new Map(rows.map((row) => [row.name, row.value]));
    const values = this.list().map((it): [string, SettingValue] => [it.name, changed.get(it.name) ?? it.default]);
    return {
      version: rows.reduce((sum, row) => sum + row.version, 1),
      values: Object.fromEntries(values),
    };
  }

  /** The same, and nobody else changes any of them until the transaction ends. */
  async lock(): Promise<SettingsState> {
    await this.revisions.claim('settings');
    return this.read();
  }

  /** To be called in the transaction that locked them. */
  async write(values: SettingValues): Promise<void> {
    for (const [name, value] of Object.entries(values)) await this.rows.set(name, value, this.clock.instant());
    await this.revisions.bump('settings');
  }

  private async known(): Promise<SettingsState> {
    if (this.cached && this.revisions.isFresh()) return this.cached;
    const { epoch } = this.revisions;
    const state = await this.read();
    if (epoch === this.revisions.epoch) this.cached = state;
    return state;
  }
}
