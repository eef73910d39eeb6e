import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.decorators.js';
import { Refuses } from '../common/refuses.decorator.js';
import { HealthResponse } from './health.dto.js';
import { HealthErrors } from './health.errors.js';
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
  @Refuses(503, HealthErrors.notReady)
  async ready(): Promise<HealthResponse> {
    await this.health.assertReady();
    return { status: 'ok' };
  }
}
