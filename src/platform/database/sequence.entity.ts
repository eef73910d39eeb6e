import { Entity, PrimaryColumn } from 'typeorm';
import { BigIntColumn } from './columns.js';

/** Ids beyond 2^31 that are drawn in blocks: the databases agree on no wider generated column. */
@Entity('sequences')
export class SequenceRow {
  @PrimaryColumn({ type: 'varchar', length: 32 })
  name!: string;

  @BigIntColumn()
  value!: number;
}
