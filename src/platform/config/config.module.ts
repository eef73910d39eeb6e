import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { LiveConfig } from './live-config.js';

/** Hands out a `LiveConfig` that was built before Nest, so that a broken file is told in plain lines, not in a stack. */
@Global()
@Module({})
export class ConfigModule implements OnApplicationShutdown {
  constructor(private readonly live: LiveConfig) {}

  static forRoot(live: LiveConfig): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: LiveConfig, useValue: live }], exports: [LiveConfig] };
  }

  onApplicationShutdown(): void {
    this.live.close();
  }
}
