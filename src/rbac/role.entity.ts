import { Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import {
  FlagColumn,
  InstantColumn,
  IntColumn,
  JsonColumn,
  LongTextColumn,
  TextColumn,
} from '../platform/database/columns.js';

@Entity('roles')
@Index('uq_roles_name_key', ['nameKey'], { unique: true })
export class Role {
  @PrimaryGeneratedColumn()
  roleId!: number;

  @TextColumn(64)
  name!: string;

  /** The folded name: roles are told apart without case. */
  @TextColumn(64)
  nameKey!: string;

  @TextColumn(500, { nullable: true })
  description!: string | null;

  @JsonColumn()
  permissions!: string[];

  @LongTextColumn()
  searchText!: string;

  @FlagColumn()
  isBuiltIn!: boolean;

  @IntColumn()
  version!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  updated!: Instant;
}
