import { Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, TextColumn } from '../database/columns.js';

/**
 * Every version of the pepper that was ever in use on this database, by its fingerprint: a pepper that was lost, or
 * another one under the same number, is found out before anything is made or refused under it.
 */
@Entity('pepper_versions')
export class PepperVersion {
  @PrimaryColumn({ type: 'int' })
  version!: number;

  @TextColumn(64)
  fingerprint!: string;

  @InstantColumn()
  created!: Instant;
}
