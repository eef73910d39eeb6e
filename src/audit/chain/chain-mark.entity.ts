import { Entity, PrimaryColumn } from 'typeorm';
import { BigIntColumn, TextColumn } from '../../platform/database/columns.js';

/** Where the chain ends (`head`), and where it begins since retention removed what came before (`anchor`). */
@Entity('audit_chain')
export class ChainMark {
  @PrimaryColumn({ type: 'varchar', length: 16 })
  name!: 'head' | 'anchor';

  @BigIntColumn()
  seq!: number;

  @TextColumn(64)
  hash!: string;

  /** Over the other columns: a mark that somebody moved by hand is found out. */
  @TextColumn(64)
  mac!: string;
}
