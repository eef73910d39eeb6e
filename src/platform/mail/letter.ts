/** One block of a mail. Whatever stands in it is text: only the renderer makes markup. */
export type Part =
  | { readonly text: string }
  /** A page to open; the address is shown, too. */
  | { readonly link: string; readonly label: string }
  /** To be copied by hand, such as a token or a command. */
  | { readonly code: string };

/** What a mail says, whoever gets it. */
export interface Letter {
  /** Names the kind of mail, for whoever reads the outbox. */
  readonly template: string;
  /** A sentence of ours: nothing that a user typed belongs into a header. */
  readonly subject: string;
  readonly parts: readonly Part[];
}

export interface Rendered {
  readonly text: string;
  readonly html: string;
}

export function render({ subject, parts }: Letter): Rendered {
  return { text: `${parts.map(asText).join('\n\n')}\n`, html: page(subject, parts.map(asHtml).join('\n')) };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.codePointAt(0)};`);
}

function asText(part: Part): string {
  if ('link' in part) return `${part.label}:\n${part.link}`;
  return 'code' in part ? `    ${part.code}` : part.text;
}

function asHtml(part: Part): string {
  if ('code' in part) return `<p><code>${escapeHtml(part.code)}</code></p>`;
  if ('text' in part) return `<p>${escapeHtml(part.text)}</p>`;
  const address = escapeHtml(part.link);
  return `<p><a href="${address}">${escapeHtml(part.label)}</a><br><small>${address}</small></p>`;
}

/** No pictures, no styles from elsewhere: nothing that tells anybody that the mail was opened. */
function page(title: string, body: string): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>`,
    '<body style="font-family: sans-serif; line-height: 1.5; max-width: 40em">',
    body,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
