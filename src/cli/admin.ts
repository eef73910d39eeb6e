import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Services } from '../app.setup.js';
import { AuditService } from '../audit/audit.service.js';
import { SessionsService } from '../auth/sessions.service.js';
import { TwoFactorService } from '../auth/two-factor/two-factor.service.js';
import { randomBase62 } from '../platform/secrets/key-format.js';
import { ADMIN_ROLE } from '../rbac/built-in-roles.js';
import type { UserView } from '../users/user.view.js';
import { CreateUserRequest } from '../users/users.dto.js';
import { UsersService } from '../users/users.service.js';
import { checked, CommandFailed, OPERATOR, type Shell, withServices } from './shell.js';

interface Options {
  readonly email: string;
  readonly name?: string;
  readonly passwordStdin?: boolean;
  readonly token?: boolean;
  readonly dropTwoFactor?: boolean;
}

const GENERATED_LENGTH = 24;

const CREATE_EXAMPLES = `
Examples:
  npm run cli -- admin create --email maria@example.com --name "Maria Keller"
  npm run cli -- admin create --email maria@example.com --password-stdin < password.txt

On an empty database this makes the first administrator; the server then makes none of its own.
A password is never an argument: every user of the machine sees the arguments of its processes.`;

const RESET_EXAMPLES = `
Examples:
  npm run cli -- admin reset-password --email maria@example.com
  npm run cli -- admin reset-password --email maria@example.com --password-stdin < password.txt
  npm run cli -- admin reset-password --email maria@example.com --drop-two-factor
  npm run cli -- admin reset-password --email maria@example.com --token

The account becomes active and all its sessions end; a running server knows within a second. While strangers keep trying
passwords, the server keeps limiting attempts to sign in: the token of --token works at once, for 15 minutes, whatever
they do (send it as "Authorization: Bearer …").`;

export function addAdmin(root: Command, shell: Shell): void {
  const admin = root.command('admin').description('administrators, for when nobody can sign in');
  admin
    .command('create')
    .description('make an administrator; without --password-stdin the password is generated and printed')
    .requiredOption('--email <address>', 'what the administrator signs in with')
    .option('--name <name>', 'how people call the administrator', 'Administrator')
    .option('--password-stdin', 'read the password from standard input')
    .addHelpText('after', CREATE_EXAMPLES)
    .action((options: Options) => create(shell, options));
  admin
    .command('reset-password')
    .description('set a new password for an account and let it in again')
    .requiredOption('--email <address>', 'the account')
    .option('--password-stdin', 'read the password from standard input')
    .option('--drop-two-factor', 'also forget the second factor of the account: the password is enough then')
    .option('--token', 'also print an access token, for when attempts from outside keep the account locked')
    .addHelpText('after', RESET_EXAMPLES)
    .action((options: Options) => resetPassword(shell, options));
}

async function create(shell: Shell, options: Options): Promise<void> {
  const password = await passwordFrom(shell, options);
  const request = requestOf(options, password);
  const { user } = await withServices(shell, (services) => services.get(UsersService).create(OPERATOR, request));
  shell.out(`Administrator ${user.email} created (user ${user.userId}).`);
  tell(shell, options, password);
}

async function resetPassword(shell: Shell, options: Options): Promise<void> {
  const password = await passwordFrom(shell, options);
  const { email } = requestOf(options, password);
  const { view, token } = await withServices(shell, async (services) => {
    const reset = await resetFor(services, email, password);
    if (options.dropTwoFactor && reset.user.twoFactorSince !== null) {
      await services.get(TwoFactorService).reset(OPERATOR, reset.user.userId);
    }
    return { view: reset, token: options.token ? await signIn(services, reset) : null };
  });
  const { user, roles } = view;
  shell.out(`${user.email} (user ${user.userId}) may sign in again with the new password; older sessions have ended.`);
  if (!roles.some((role) => role.permissions.includes('admin'))) {
    shell.out(`Note: this is no administrator. Its roles: ${roles.map((role) => role.name).join(', ') || 'none'}.`);
  }
  tell(shell, options, password);
  if (token !== null) shell.out(`Token: ${token}`);
}

async function resetFor(services: Services, email: string, password: string): Promise<UserView> {
  const users = services.get(UsersService);
  const found = await users.findByEmail(email);
  if (!found) throw new CommandFailed('There is no user with this e-mail address; "admin create" makes one.');
  return users.resetFromCommandLine(OPERATOR, found.user.userId, password);
}

/** Past the limit on attempts, which strangers can keep used up: whoever has the machine need not prove a password. */
async function signIn(services: Services, view: UserView): Promise<string> {
  const { clock, database } = services.foundation;
  const { userId, sessionsValidAfter } = view.user;
  // A session of the same millisecond would count among those that the reset has ended.
  while (clock.instant() <= (sessionsValidAfter ?? '')) await pause(1);
  return database.transaction(async () => {
    const { token } = await services.get(SessionsService).open(view, 'command line');
    const subject = { type: 'user', id: userId };
    await services.get(AuditService).record(OPERATOR, { event: 'authn_login_success', subject });
    return token;
  });
}

function requestOf({ email, name = 'Administrator' }: Options, password: string): CreateUserRequest {
  return checked(CreateUserRequest, { email, name, password, roles: [ADMIN_ROLE] });
}

/** Only the end of its line is not part of a password that was typed into a file. */
async function passwordFrom(shell: Shell, { passwordStdin }: Options): Promise<string> {
  if (!passwordStdin) return randomBase62(GENERATED_LENGTH);
  return (await shell.input()).replace(/\r?\n$/, '');
}

function tell(shell: Shell, { passwordStdin }: Options, password: string): void {
  if (!passwordStdin) shell.out(`Password: ${password} (shown only now: keep it)`);
}
