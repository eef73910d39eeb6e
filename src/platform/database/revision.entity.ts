import { Entity, PrimaryColumn } from 'typeorm';
import { BigIntColumn } from './columns.js';

/** One number per kind of cached thing. Whoever changes such a thing adds one in the same transaction. */
@Entity('revisions')
export class RevisionRow {
  @PrimaryColumn({ type: 'varchar', length: 32 })
  kind!: string;

  @BigIntColumn()
  value!: number;
}
