import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { MetricsPermissions } from './operations.permissions.js';

const EXPOSITION = 'text/plain; version=0.0.4; charset=utf-8';
const EXAMPLE = '# TYPE http_requests_in_flight gauge\nhttp_requests_in_flight 1\n';

@ApiTags('Operation')
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  /** What this process can tell in numbers, in the text format of Prometheus. */
  @Get()
  @RequirePermission(MetricsPermissions.view)
  @Header('content-type', EXPOSITION)
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string', example: EXAMPLE } } } })
  get(): Promise<string> {
    return this.metrics.text();
  }
}
