import { Platform1763700000001 } from './1763700000001-platform.js';
import { Audit1763700000002 } from './1763700000002-audit.js';
import { People1763700000003 } from './1763700000003-people.js';
import { Credentials1763700000004 } from './1763700000004-credentials.js';
import { EventsAndUsage1763700000005 } from './1763700000005-events-and-usage.js';
import { Settings1763700000006 } from './1763700000006-settings.js';
import { TwoFactor1763700000007 } from './1763700000007-two-factor.js';
import { MailAndAccountTokens1763700000008 } from './1763700000008-mail-and-account-tokens.js';
import { Pepper1763700000009 } from './1763700000009-pepper.js';
import { ListIndexes1763700000010 } from './1763700000010-list-indexes.js';

/** In the order in which they run. A migration that has been released is never edited. */
export const migrations = [
  Platform1763700000001,
  Audit1763700000002,
  People1763700000003,
  Credentials1763700000004,
  EventsAndUsage1763700000005,
  Settings1763700000006,
  TwoFactor1763700000007,
  MailAndAccountTokens1763700000008,
  Pepper1763700000009,
  ListIndexes1763700000010,
];
