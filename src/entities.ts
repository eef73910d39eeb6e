import { ApiKey, ApiKeyCustomer, ApiKeyRole } from './api-keys/api-key.entity.js';
import { ApiKeyRotation } from './api-keys/rotation/rotation.entity.js';
import { ApiKeyAlert } from './api-keys/alerts/alert.entity.js';
import { AccessLog } from './audit/access-log.entity.js';
import { AuditLog } from './audit/audit-log.entity.js';
import { ChainMark } from './audit/chain/chain-mark.entity.js';
import { UsageCounter } from './audit/usage/usage-counter.entity.js';
import { Session } from './auth/session.entity.js';
import { TrustedAddressUse } from './auth/trusted-address.entity.js';
import { BackupCode, LoginChallenge, TwoFactorSecret } from './auth/two-factor/two-factor.entity.js';
import { Customer, CustomerWord } from './customers/customer.entity.js';
import type { EntityList } from './platform/database/data-source.js';
import { RevisionRow } from './platform/database/revision.entity.js';
import { SequenceRow } from './platform/database/sequence.entity.js';
import { IdempotencyKeyRow } from './platform/idempotency/idempotency-key.entity.js';
import { JobRow } from './platform/jobs/job.entity.js';
import { OutboxEvent } from './platform/outbox/outbox-event.entity.js';
import { MailMessage } from './platform/mail/mail-message.entity.js';
import { PepperVersion } from './platform/pepper/pepper-version.entity.js';
import { SettingRow } from './platform/settings/setting.entity.js';
import { Role } from './rbac/role.entity.js';
import { AccountToken } from './users/account-tokens/account-token.entity.js';
import { User, UserCustomer, UserRole } from './users/user.entity.js';

/** Every table there is. */
export const entities: EntityList = [
  AccessLog,
  AccountToken,
  ApiKey,
  ApiKeyAlert,
  ApiKeyCustomer,
  ApiKeyRole,
  ApiKeyRotation,
  AuditLog,
  BackupCode,
  ChainMark,
  Customer,
  CustomerWord,
  IdempotencyKeyRow,
  JobRow,
  LoginChallenge,
  MailMessage,
  OutboxEvent,
  PepperVersion,
  RevisionRow,
  Role,
  SequenceRow,
  Session,
  SettingRow,
  TrustedAddressUse,
  TwoFactorSecret,
  UsageCounter,
  User,
  UserCustomer,
  UserRole,
];
