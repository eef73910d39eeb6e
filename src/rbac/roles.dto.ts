import { ApiProperty, PartialType } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { Id, Sort, Text, TextList } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { PermissionDefinition } from '../common/permissions.js';
import { labelOf } from './permission-catalogue.js';
import type { Role } from './role.entity.js';

/** Names stand in the configuration file and in lists on a terminal. */
const NAME = {
  max: 64,
  pattern: /^[^\p{Cc}\p{Cf}]+$/u,
  hint: 'without line breaks and other control or invisible characters',
};

export class CreateRoleRequest {
  /** Unique, whatever its letter case, and not the name of a permission. */
  @Text({ ...NAME, example: 'Field service' })
  name!: string;

  @Text({ max: 500, optional: true, nullable: true, example: 'Looks after what stands at the customer.' })
  description?: string | null;

  /** Permission identifiers, in any letter case. One gives only what one holds. */
  @TextList({ min: 1, max: 200, lowerCase: true, example: ['view_customer', 'view_service'] })
  permissions!: string[];
}

export class UpdateRoleRequest extends PartialType(CreateRoleRequest, { skipNullProperties: false }) {}

export class DeleteRoleQuery {
  /** The role that everybody gets instead who has this one. Without it only a role that nobody has can be deleted. */
  @Id({ optional: true, query: true })
  replacement_role_id?: number;
}

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
      role_id: row.roleId,
      name: row.name,
      description: row.description,
      permissions: row.permissions,
      built_in: row.isBuiltIn,
      created: row.created,
      updated: row.updated,
      [VERSION]: row.version,
    };
  }

  /** For who may change a role without seeing it: 204 instead of the row. */
  static orNothing(this: void, row: Role | null): RoleResponse | undefined {
    return row ? RoleResponse.from(row) : undefined;
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
