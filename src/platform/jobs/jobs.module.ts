import { Global, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { JobRunner } from './job-runner.js';
import { JobsRepository } from './jobs.repository.js';

@Global()
@Module({
  imports: [ScheduleModule.forRoot()],
  providers: [JobRunner, JobsRepository],
  exports: [JobRunner],
})
export class JobsModule {}
