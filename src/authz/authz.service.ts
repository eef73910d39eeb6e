import { Injectable } from '@nestjs/common';
import type { Access } from '../common/access.decorators.js';
import { InvalidInput, NotFound, RuleBroken } from '../common/errors.js';
import type { ListQuery, Page } from '../common/page.js';
import type { PermissionDefinition } from '../common/permissions.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { AbilityService, type OwnedRow } from '../rbac/ability.service.js';
import { type KnownPrincipal, KnownPrincipals, type PrincipalSource, type Slice } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { Role } from '../rbac/role.entity.js';
import { RolesService } from '../rbac/roles.service.js';
import { RowScopes } from '../rbac/row-scope.js';
import { SubjectRows } from '../rbac/subject-rows.js';
import { ExplainRequest, WhoCanQuery } from './authz.dto.js';
import { AuthzErrors } from './authz.errors.js';
import type { Change, Explanation, Holder, Named } from './authz.view.js';
import { lastOf, type Look, PrincipalWalk } from './principal-walk.service.js';
import { RouteLookup } from './route-lookup.service.js';
import { Verdicts } from './verdicts.service.js';

/** What is to be done, and to which row. */
interface Question {
  readonly access: Access;
  readonly subjectId: number | null;
}

/** What a role would grant. */
export interface RoleEdit {
  readonly roleId: number;
  readonly permissions: readonly string[];
}

@Injectable()
export class AuthzService {
  constructor(
    private readonly principals: KnownPrincipals,
    private readonly routes: RouteLookup,
    private readonly subjects: SubjectRows,
    private readonly verdicts: Verdicts,
    private readonly walk: PrincipalWalk,
    private readonly scopes: RowScopes,
    private readonly abilities: AbilityService,
    private readonly catalogue: PermissionCatalogue,
    private readonly directory: RoleDirectory,
    private readonly roles: RolesService,
  ) {}

  /** Why somebody may or may not do something. The asker learns nothing about a row that they may not see. */
  async explain(principal: Principal, request: ExplainRequest): Promise<Explanation> {
    const { access, subjectId } = this.questionOf(request);
    const { kind, id } = request.principal;
    const known = await this.principals.find(kind, id);
    if (!known) throw new NotFound(AuthzErrors.principalNotFound, { kind, id });
    const row = await this.rowOf(principal, access, subjectId);
    const about = { access, row, field: request.field };
    return { principal: nameOf(known, principal), verdict: this.verdicts.judge(known, about) };
  }

  /** Everybody who is let in and may do this. */
  async whoCan(principal: Principal, query: WhoCanQuery): Promise<Page<Holder>> {
    const permission = this.permission(query.permission);
    const access: Access = { kind: 'permission', permission, principals: [] };
    const { subject_id: subjectId = null, field } = query;
    const about = { access, row: await this.rowOf(principal, access, subjectId), field };
    const look = async (source: PrincipalSource, slice: Slice): Promise<Look<Holder>> => {
      const known = await source.list(slice);
      const found = known.flatMap((it) => {
        const { allowed, because } = this.verdicts.judge(it, about);
        return allowed ? [{ position: it.position, row: { principal: nameOf(it, principal), because } }] : [];
      });
      return { found, last: lastOf(known, slice) };
    };
    const question = `who-can/${permission.identifier}/${subjectId ?? ''}/${field ?? ''}`;
    return this.walk.page({ question, query, roleIds: await this.rolesThatGrant(permission), look });
  }

  /** Whose rights would change if the role granted this instead. Everybody is looked at twice: as is, and as if. */
  async preview(principal: Principal, edit: RoleEdit, query: ListQuery): Promise<Page<Change>> {
    const { roleId, permissions } = edit;
    this.assertKnown(permissions);
    const role = await this.roles.get(roleId);
    const supposed: Role = { ...role, permissions: [...permissions] };
    const look = async (source: PrincipalSource, slice: Slice): Promise<Look<Change>> => {
      const before = await source.list(slice);
      const after = await this.directory.supposing(supposed, () => source.list(slice));
      const found = before.flatMap((it) => {
        const then = after.find(({ position }) => position === it.position);
        const row = then && changeOf(it, then, principal);
        return row ? [{ position: it.position, row }] : [];
      });
      return { found, last: lastOf(before, slice) };
    };
    const question = `preview/${roleId}/${permissions.toSorted().join()}`;
    return this.walk.page({ question, query, roleIds: [roleId], look });
  }

  private questionOf({ permission, method, path, subject_id: given }: ExplainRequest): Question {
    if (permission !== undefined && method === undefined && path === undefined) {
      return {
        access: { kind: 'permission', permission: this.permission(permission), principals: [] },
        subjectId: given ?? null,
      };
    }
    if (permission === undefined && method !== undefined && path !== undefined) {
      return this.questionAbout(method, path, given ?? null);
    }
    throw InvalidInput.field('', 'say either permission, or method and path');
  }

  private questionAbout(method: string, path: string, given: number | null): Question {
    const { access, parameters } = this.routes.get(method, path);
    const source = access.kind === 'permission' ? this.subjects.of(access.permission.subject) : undefined;
    const inPath = idIn(source ? parameters[source.parameter] : undefined);
    if (inPath !== null && given !== null && inPath !== given) {
      throw InvalidInput.field('/subject_id', `is not the ${inPath} of the path`);
    }
    return { access, subjectId: inPath ?? given };
  }

  /** The row as the asker may see it; null when the question is about none. */
  private async rowOf(asker: Principal, access: Access, id: number | null): Promise<OwnedRow | null> {
    if (id === null) return null;
    const subject = access.kind === 'permission' ? access.permission.subject : 'this';
    const source = this.subjects.of(subject);
    if (!source) throw new RuleBroken(AuthzErrors.noRows, { subject });
    const row = await source.find(this.scopes.for(asker, source.view), id);
    if (!row) throw new NotFound(AuthzErrors.subjectNotFound, { subject: subject.toLowerCase(), id });
    return row;
  }

  private permission(text: string): PermissionDefinition {
    const permission = this.catalogue.find(text.toLowerCase());
    if (!permission) {
      throw InvalidInput.field('/permission', `there is no permission ${text}; see GET /crm/permissions`);
    }
    return permission;
  }

  private assertKnown(permissions: readonly string[]): void {
    const problems = permissions.flatMap((identifier, index) =>
      this.catalogue.has(identifier)
        ? []
        : [
            {
              pointer: `/permissions/${index}`,
              detail: `there is no permission ${identifier}; see GET /crm/permissions`,
            },
          ],
    );
    if (problems.length > 0) throw InvalidInput.fields(problems);
  }

  /** Whoever has all rights through roles and none of these need not be looked at. */
  private async rolesThatGrant(permission: PermissionDefinition): Promise<number[]> {
    const roles = (await this.directory.all()).filter(({ permissions }) =>
      this.abilities.mayEver({ ...systemPrincipal('a role'), permissions: new Set(permissions) }, permission),
    );
    return roles.map(({ roleId }) => roleId);
  }
}

function idIn(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,14}$/.test(text)) throw InvalidInput.field('/path', 'has something else where an id should be');
  return Number(text);
}

function nameOf(known: KnownPrincipal, asker: Principal): Named {
  return { kind: known.principal.kind, id: known.id, name: known.nameFor(asker) };
}

/** Null when nothing changes. An administrator who stays one can do all things before and after. */
function changeOf(before: KnownPrincipal, after: KnownPrincipal, asker: Principal): Change | null {
  const [had, has] = [before, after].map(({ obstacle, principal }) =>
    obstacle === null ? principal.permissions : new Set<string>(),
  ) as [ReadonlySet<string>, ReadonlySet<string>];
  if (had.has('admin') && has.has('admin')) return null;
  const gains = [...has].filter((identifier) => !had.has(identifier)).sort();
  const loses = [...had].filter((identifier) => !has.has(identifier)).sort();
  return gains.length + loses.length > 0 ? { principal: nameOf(before, asker), gains, loses } : null;
}
