import { DomainError } from './common/errors.js';
import { ConfigError } from './platform/config/config-problem.js';

/** One clear line for what operators get wrong, one for each problem of a configuration; a stack for nobody. */
export function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof DomainError) return sentenceOf(error);
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return 'Cannot listen: the port is taken. Set CRM_PORT to a free one, or stop the other server.';
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'Cannot listen: this machine has no such address. Check CRM_HOST.';
    case 'EACCES':
    case 'EROFS':
    case 'EPERM':
      return `Not permitted: ${message}. Check CRM_DATA_DIR and CRM_PORT.`;
    default:
      return oneLine(error instanceof Error ? message : String(error));
  }
}

/** What HTTP tells in a problem's body; the pointer names the field, as the body of a request would hold it. */
function sentenceOf({ message, extras: { errors = [] } }: DomainError): string {
  if (errors.length === 0) return message;
  return errors.map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`.trim()).join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
