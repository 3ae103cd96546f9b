/** An address as people take it from a screen: the code for a phone's camera, and the text. */
import { renderSVG, renderUnicodeCompact } from 'uqr';

/** For a terminal, dark on light and light on dark alike: half a character per module. */
export function invitationText(url: string): string {
  return `${renderUnicodeCompact(url, { border: 2 })}\nopen on the phone, in the same network: ${url}\nThe address is good for one page.`;
}

export function invitationSvg(url: string): string {
  return renderSVG(url, { border: 2 });
}
