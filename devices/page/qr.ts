/** An address as people take it from a screen: the code for a phone's camera, and the text. */
import { renderUnicodeCompact } from 'uqr';

/** For a terminal: two modules per character. */
export function codeText(url: string): string {
  return renderUnicodeCompact(url, { border: 2 });
}

export function invitationText(url: string): string {
  return `${codeText(url)}\nopen on the phone, in the same network: ${url}\nThe address is good for one page.`;
}
