import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ApiKeysModule } from './api-keys/api-keys.module.js';
import { AuditModule } from './audit/audit.module.js';
import { AuthModule } from './auth/auth.module.js';
import { AuthenticationGuard } from './auth/authentication.guard.js';
import { TwoFactorGuard } from './auth/two-factor/two-factor.guard.js';
import { AuthzModule } from './authz/authz.module.js';
import { BillingModule } from './billing/billing.module.js';
import { Clock } from './common/clock.js';
import { ProblemFilter } from './common/problem.filter.js';
import { UnknownInputGuard } from './common/unknown-input.guard.js';
import { ValidationPipe } from './common/validation.pipe.js';
import { CustomersModule } from './customers/customers.module.js';
import { InventoryModule } from './inventory/inventory.module.js';
import { OperationsModule } from './operations/operations.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import type { LiveConfig } from './platform/config/live-config.js';
import type { Database } from './platform/database/database.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { IdempotencyModule } from './platform/idempotency/idempotency.module.js';
import { JobsModule } from './platform/jobs/jobs.module.js';
import { MailModule } from './platform/mail/mail.module.js';
import { MetricsModule } from './platform/metrics/metrics.module.js';
import { OutboxModule } from './platform/outbox/outbox.module.js';
import { PagingModule } from './platform/paging/paging.module.js';
import { PepperModule } from './platform/pepper/pepper.module.js';
import { SecretsModule } from './platform/secrets/secrets.module.js';
import type { Secrets } from './platform/secrets/secrets.service.js';
import { SettingsModule } from './platform/settings/settings.module.js';
import { ProductsModule } from './products/products.module.js';
import { ProvisioningModule } from './provisioning/provisioning.module.js';
import { PermissionGuard } from './rbac/permission.guard.js';
import { RbacModule } from './rbac/rbac.module.js';
import { ScimModule } from './scim/scim.module.js';
import { ServicesModule } from './services/services.module.js';
import { PrincipalThrottlerGuard } from './throttling/principal-throttler.guard.js';
import { ThrottlingModule } from './throttling/throttling.module.js';
import { UsersModule } from './users/users.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** What is made before Nest, so that whatever is wrong with it is told in one plain line. */
export interface Foundation {
  readonly config: LiveConfig;
  readonly database: Database;
  readonly secrets: Secrets;
  readonly clock: Clock;
}

@Module({})
class ClockModule {
  static forRoot(clock: Clock): DynamicModule {
    return { module: ClockModule, global: true, providers: [{ provide: Clock, useValue: clock }], exports: [Clock] };
  }
}

/** The only list of modules, and the only place that orders guards: who, how often, whether, and no more than asked for. */
@Module({})
export class AppModule {
  static forRoot({ config, database, secrets, clock }: Foundation): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ClockModule.forRoot(clock),
        ConfigModule.forRoot(config),
        DatabaseModule.forRoot(database),
        SecretsModule.forRoot(secrets),
        PagingModule,
        PepperModule,
        MetricsModule,
        JobsModule,
        OutboxModule,
        SettingsModule,
        MailModule,
        IdempotencyModule,
        AuditModule,
        RbacModule,
        ThrottlingModule,
        UsersModule,
        CustomersModule,
        ProductsModule,
        ApiKeysModule,
        ServicesModule,
        InventoryModule,
        BillingModule,
        ScimModule,
        WebhooksModule,
        ProvisioningModule,
        AuthModule,
        AuthzModule,
        OperationsModule,
      ],
      providers: [
        { provide: APP_GUARD, useClass: AuthenticationGuard },
        { provide: APP_GUARD, useClass: PrincipalThrottlerGuard },
        { provide: APP_GUARD, useClass: PermissionGuard },
        { provide: APP_GUARD, useClass: TwoFactorGuard },
        { provide: APP_GUARD, useClass: UnknownInputGuard },
        { provide: APP_PIPE, useClass: ValidationPipe },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}
