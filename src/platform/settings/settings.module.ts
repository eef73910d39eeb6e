import { Global, Module } from '@nestjs/common';
import { SettingsRepository } from './settings.repository.js';
import { Settings } from './settings.service.js';

@Global()
@Module({ providers: [Settings, SettingsRepository], exports: [Settings] })
export class SettingsModule {}
