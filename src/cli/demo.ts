import { type Command, InvalidArgumentError } from 'commander';
import type { Services } from '../app.setup.js';
import { ListAuditLogsQuery } from '../audit/audit.dto.js';
import { AuditService } from '../audit/audit.service.js';
import { systemPrincipal } from '../common/principal.js';
import { CreateCustomerRequest } from '../customers/customers.dto.js';
import { CustomersService } from '../customers/customers.service.js';
import { Database } from '../platform/database/database.js';
import { checked, CommandFailed, type Shell, withServices } from './shell.js';

const DEMO = systemPrincipal('demo');
/** One transaction holds so many: fast, and no server on the same database waits long for its turn. */
const BATCH = 25;
const MOST = 10_000;

const EXAMPLES = `
Examples:
  npm run cli -- demo
  npm run cli -- demo --customers 1000

The same customers each time, all invented: their e-mail addresses and telephone numbers lead nowhere. Run twice it
changes nothing; with a larger number it adds what is missing. Refused where there are customers of your own.`;

export function addDemo(root: Command, shell: Shell): void {
  root
    .command('demo')
    .description('fill an empty database with invented customers, to have something to look at')
    .option('--customers <number>', `how many, up to ${MOST}`, amount, 300)
    .addHelpText('after', EXAMPLES)
    .action(({ customers }: { customers: number }) => demo(shell, customers));
}

async function demo(shell: Shell, wanted: number): Promise<void> {
  const made = await withServices(shell, async (services) => {
    const earlier = await madeEarlier(services);
    await refuseRealCustomers(services, earlier);
    await make(services, shell, { from: earlier.length, to: wanted });
    return { earlier: earlier.length, now: Math.max(0, wanted - earlier.length) };
  });
  if (made.now === 0) shell.out(`Nothing to do: the demo has made ${made.earlier} customers here already.`);
  else shell.out(`${made.now} invented customers made${made.earlier > 0 ? `, ${made.earlier} were there` : ''}.`);
}

/** The audit trail knows who made which customer, also of those that were deleted since. */
async function madeEarlier(services: Services): Promise<number[]> {
  const ids: number[] = [];
  let cursor: string | null | undefined;
  do {
    const filter = { event: 'customer.created', actor_kind: DEMO.kind, limit: '100', cursor };
    const page = await services.get(AuditService).list(checked(ListAuditLogsQuery, filter));
    ids.push(...page.rows.filter((row) => row.actorName === DEMO.name).map((row) => row.subjectId ?? 0));
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

async function refuseRealCustomers(services: Services, demo: readonly number[]): Promise<void> {
  const customers = services.get(CustomersService);
  const real = (await customers.countAll()) - (await customers.whichExist(demo)).length;
  if (real === 0) return;
  throw new CommandFailed(
    `This database holds ${real === 1 ? 'a customer' : `${real} customers`} of your own: invented ones do not belong among them.`,
  );
}

async function make(services: Services, shell: Shell, { from, to }: { from: number; to: number }): Promise<void> {
  if (from >= to) return;
  // Loaded here: no other command needs the words of five languages.
  const { demoCustomer } = await import('./demo-customers.js');
  const customers = services.get(CustomersService);
  for (let start = from; start < to; start += BATCH) {
    const end = Math.min(start + BATCH, to);
    await services.get(Database).transaction(async () => {
      for (let index = start; index < end; index += 1) {
        await customers.create(DEMO, checked(CreateCustomerRequest, { ...demoCustomer(index) }));
      }
    });
    if (shell.isTerminal || end === to || end % 100 === 0) shell.err(`${end} of ${to} customers`);
  }
}

function amount(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= MOST) return number;
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST}.`);
}
