import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { type ListResponse, listResponse } from '../../common/page.js';
import type { Principal } from '../../common/principal.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { JobErrors } from './jobs.errors.js';
import { JobPermissions } from '../operations.permissions.js';
import { JobList, JobResponse } from './jobs.dto.js';
import { JobsService } from './jobs.service.js';

@ApiTags('Operation')
@Controller('crm/jobs')
export class JobsController {
  constructor(private readonly jobs: JobsService) {}

  /** List what runs by the clock, and how each last run went, on whichever node. */
  @Get()
  @RequirePermission(JobPermissions.view)
  @ApiOkResponse({ type: JobList })
  async list(): Promise<ListResponse<JobResponse>> {
    return listResponse(await this.jobs.list(), JobResponse.from);
  }

  /** Run a job now, and answer when it has ended. A run that failed says so in `outcome`. */
  @Post(':name/run')
  @HttpCode(200)
  @RequirePermission(JobPermissions.run)
  @ApiParam({ name: 'name', description: 'As the list shows it.', example: 'api-key-expiry' })
  @Refuses(404, JobErrors.notFound)
  @Refuses(409, JobErrors.running)
  async run(@CurrentPrincipal() principal: Principal, @Param('name') name: string): Promise<JobResponse> {
    return JobResponse.from(await this.jobs.run(principal, name));
  }
}
