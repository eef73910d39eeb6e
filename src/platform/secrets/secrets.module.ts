import { type DynamicModule, Global, Module } from '@nestjs/common';
import { PasswordHasher } from './password-hasher.js';
import { Secrets } from './secrets.service.js';

@Global()
@Module({})
export class SecretsModule {
  /** Loaded before Nest starts, so that an unreadable key file is one plain line. */
  static forRoot(secrets: Secrets): DynamicModule {
    return {
      module: SecretsModule,
      providers: [{ provide: Secrets, useValue: secrets }, PasswordHasher],
      exports: [Secrets, PasswordHasher],
    };
  }
}
