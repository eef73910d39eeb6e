import { ApiProperty } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { Sort, Text } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { PermissionDefinition } from '../common/permissions.js';
import { labelOf } from './permission-catalogue.js';
import type { Role } from './role.entity.js';

export class RoleResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 2 })
  role_id!: number;

  @ApiProperty({ example: 'Support' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Looks after customers, their sites and services.' })
  description!: string | null;

  @ApiProperty({ type: [String], example: ['view_customer'] })
  permissions!: string[];

  /** Built-in roles cannot be deleted. */
  @ApiProperty({ example: true })
  built_in!: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  updated!: string;

  static from(this: void, row: Role): RoleResponse {
    return {
      [VERSION]: row.version,
      role_id: row.roleId,
      name: row.name,
      description: row.description,
      permissions: row.permissions,
      built_in: row.isBuiltIn,
      created: row.created,
      updated: row.updated,
    };
  }
}

export class PermissionResponse {
  @ApiProperty({ example: 'view_own_customer' })
  permission!: string;

  @ApiProperty({ example: 'View own customer' })
  label!: string;

  @ApiProperty({ example: "Read one's own customers." })
  description!: string;

  @ApiProperty({ example: 'Customer' })
  subject!: string;

  @ApiProperty({ example: 'view' })
  action!: string;

  /** Narrowed to the rows of the principal's own customers. */
  @ApiProperty({ example: true })
  own!: boolean;

  /** Narrowed to these fields; null = all. */
  @ApiProperty({ type: [String], nullable: true, example: null })
  fields!: string[] | null;

  static from(this: void, definition: PermissionDefinition): PermissionResponse {
    return {
      permission: definition.identifier,
      label: labelOf(definition),
      description: definition.description,
      subject: definition.subject,
      action: definition.action,
      own: definition.own ?? false,
      fields: definition.fields ? [...definition.fields] : null,
    };
  }
}

export class ListRolesQuery extends ListQuery {
  /** Beginnings of words of name and description, or the id. */
  @Text({ max: 100, optional: true })
  search?: string;

  /** A leading minus turns the order round; without it, by id. */
  @Sort(['role_id', 'name'])
  sort?: string;
}

export const RoleList = listResponseOf(RoleResponse);
export const PermissionList = listResponseOf(PermissionResponse);
