import { Controller, Get } from '@nestjs/common';
import { ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.decorators.js';
import { ProblemResponse } from '../common/problem.dto.js';
import { HealthResponse } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('Operation')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** Whether the process is alive. */
  @Get('live')
  @Public()
  live(): HealthResponse {
    return { status: 'ok' };
  }

  /** Whether requests can be answered: 503 while the database is away. */
  @Get('ready')
  @Public()
  @ApiServiceUnavailableResponse({ type: ProblemResponse })
  async ready(): Promise<HealthResponse> {
    await this.health.assertReady();
    return { status: 'ok' };
  }
}
