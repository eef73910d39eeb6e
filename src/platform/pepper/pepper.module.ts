import { Module } from '@nestjs/common';
import { PepperLedger } from './pepper-ledger.js';
import { PepperRotationService } from './pepper-rotation.service.js';
import { PepperVersionsRepository } from './pepper-versions.repository.js';

@Module({
  providers: [PepperLedger, PepperRotationService, PepperVersionsRepository],
  exports: [PepperRotationService],
})
export class PepperModule {}
