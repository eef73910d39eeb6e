import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { Id, IdOrText, Nested, Text, TextList } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { Change, Explanation, Holder, Named } from './authz.view.js';
import type { Condition, Grant, Ground } from './verdicts.service.js';

const ID = {
  anyOf: [{ type: 'integer', example: 5 }, { type: 'string' }],
  description: 'The id; of a trusted address the address or network itself.',
};

/** Who is asked about. */
export class PrincipalRequest {
  /** `user`, `api_key`, `personal_token` or `address`. */
  @Text({ max: 50, example: 'user' })
  kind!: string;

  /** The id; of a trusted address the address itself, or its network as the file has it. */
  @IdOrText({ max: 64, example: 5 })
  id!: number | string;
}

/** A body that works: of the two ways to ask, an example of each property would show both at once. */
const EXAMPLE = { principal: { kind: 'user', id: 1 }, permission: 'view_customer' };

@ApiSchema({ example: EXAMPLE } as object)
export class ExplainRequest {
  @Nested(() => PrincipalRequest)
  principal!: PrincipalRequest;

  /** What is to be done, as a permission. Either this, or `method` and `path`. */
  @Text({ max: 100, optional: true })
  permission?: string;

  /** What is to be done, as a request: its method. */
  @Text({ max: 10, optional: true })
  method?: string;

  /** The request's path, such as `/crm/customers/7`; an id in it counts as `subject_id`. */
  @Text({ max: 2_000, optional: true })
  path?: string;

  /** The row that it is to be done to. Without it: whether it can be done at all, to whatever row. */
  @Id({ optional: true })
  subject_id?: number;

  /** A field of it, where the right to that one field is meant: a right may leave fields out. */
  @Text({ max: 100, optional: true })
  field?: string;
}

export class WhoCanQuery extends ListQuery {
  /** A permission identifier, in any letter case. */
  @Text({ max: 100 })
  permission!: string;

  /** The row that it is about; without it, who may do it at all. */
  @Id({ optional: true, query: true })
  subject_id?: number;

  /** A field of it, where the right to that one field is meant: a right may leave fields out. */
  @Text({ max: 100, optional: true })
  field?: string;
}

export class PreviewRoleRequest {
  /** What the role would grant, in place of what it grants now. */
  @TextList({ min: 1, max: 200, lowerCase: true, example: ['view_customer'] })
  permissions!: string[];
}

export class ConditionResponse {
  /** Only rows of these customers; null = all. */
  @ApiProperty({ type: [Number], nullable: true, example: [7] })
  customer_ids!: number[] | null;

  /** Only these fields of them; null = all. */
  @ApiProperty({ type: [String], nullable: true, example: null })
  fields!: string[] | null;

  static from(this: void, { customerIds, fields }: Condition): ConditionResponse {
    return { customer_ids: customerIds && [...customerIds], fields: fields && [...fields] };
  }
}

export class GroundResponse {
  /** The role that brings the permission; null = it was granted directly. */
  @ApiProperty({ type: String, nullable: true, example: 'Support' })
  role!: string | null;

  /** How the principal came by it. */
  @ApiProperty({ enum: ['role', 'direct'] })
  assignment!: string;

  @ApiProperty({ example: 'view_customer' })
  permission!: string;

  /** What narrows it; null = nothing. */
  @ApiProperty({ type: ConditionResponse, nullable: true })
  condition!: ConditionResponse | null;

  static from(this: void, { role, permission, condition }: Ground): GroundResponse {
    return {
      role,
      assignment: role === null ? 'direct' : 'role',
      permission,
      condition: condition && ConditionResponse.from(condition),
    };
  }
}

export class GrantResponse {
  /** A permission to grant, or null. */
  @ApiProperty({ type: String, nullable: true, example: null })
  permission!: string | null;

  /** A customer to tie the principal to, or null. */
  @ApiProperty({ type: 'integer', nullable: true, example: 7 })
  customer_id!: number | null;

  static from(this: void, { permission, customerId }: Grant): GrantResponse {
    return { permission, customer_id: customerId };
  }
}

export class NamedPrincipalResponse {
  @ApiProperty({ example: 'user' })
  kind!: string;

  @ApiProperty(ID)
  id!: number | string;

  @ApiProperty({ example: 'maria@example.com' })
  name!: string;

  static from(this: void, { kind, id, name }: Named): NamedPrincipalResponse {
    return { kind, id, name };
  }
}

export class ExplainResponse {
  @ApiProperty()
  allowed!: boolean;

  /** What allows it. When only a condition stands in the way, the permissions that it belongs to. */
  @ApiProperty({ type: [GroundResponse] })
  because!: GroundResponse[];

  /** The permission that would allow it, when it is not allowed. */
  @ApiProperty({ type: [String], example: [] })
  missing!: string[];

  /** The least that would have to be granted; null when nothing need be, or nothing would help. */
  @ApiProperty({ type: GrantResponse, nullable: true })
  smallest_grant!: GrantResponse | null;

  /** Why it is not allowed, in a sentence. */
  @ApiProperty({ type: String, nullable: true, example: null })
  reason!: string | null;

  @ApiProperty()
  principal!: NamedPrincipalResponse;

  static from(this: void, { principal, verdict }: Explanation): ExplainResponse {
    const { allowed, because, missing, smallestGrant, reason } = verdict;
    return {
      allowed,
      because: because.map((ground) => GroundResponse.from(ground)),
      missing: [...missing],
      smallest_grant: smallestGrant && GrantResponse.from(smallestGrant),
      reason,
      principal: NamedPrincipalResponse.from(principal),
    };
  }
}

export class WhoCanResponse extends NamedPrincipalResponse {
  /** What gives it. */
  @ApiProperty({ type: [GroundResponse] })
  because!: GroundResponse[];

  static of(this: void, { principal, because }: Holder): WhoCanResponse {
    return { ...NamedPrincipalResponse.from(principal), because: because.map((ground) => GroundResponse.from(ground)) };
  }
}

export class RoleChangeResponse extends NamedPrincipalResponse {
  @ApiProperty({ type: [String], example: ['view_customer'] })
  gains!: string[];

  @ApiProperty({ type: [String], example: [] })
  loses!: string[];

  static of(this: void, { principal, gains, loses }: Change): RoleChangeResponse {
    return { ...NamedPrincipalResponse.from(principal), gains: [...gains], loses: [...loses] };
  }
}

export const WhoCanList = listResponseOf(WhoCanResponse);
export const RoleChangeList = listResponseOf(RoleChangeResponse);
