/** Breaks long lines of C where the nesting is shallowest. */

const LONGEST_LINE = 120;

/** Where a line may end: behind a comma, in front of an operator. */
const breaks = [', ', ' && ', ' || ', ' ? ', ' : ', ' | ', ' + ', ' - ', ' * ', ' / '];

/** Index at which the rest begins; undefined when no place fits. */
function breakPoint(text: string, margin: number): number | undefined {
  let depth = 0;
  let best: { at: number; depth: number } | undefined;
  for (let i = 0; i < text.length && i < LONGEST_LINE - margin; i++) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    const found = breaks.find((mark) => text.startsWith(mark, i));
    // In front of the first third a break would only move the line.
    if (!found || i < 30 || (best && best.depth < depth)) continue;
    best = { at: found === ', ' ? i + 2 : i + 1, depth };
  }
  return best?.at;
}

/** The line as lines of at most LONGEST_LINE characters, where it has places to break. */
export function wrap(line: string): string[] {
  const margin = line.length - line.trimStart().length;
  const at = line.length > LONGEST_LINE ? breakPoint(line.slice(margin), margin) : undefined;
  if (at === undefined) return [line];
  const continued = ' '.repeat(margin + 4);
  const [first, rest] = [line.slice(0, margin + at).trimEnd(), line.slice(margin + at)];
  // What follows stays at one margin.
  const [next, ...more] = wrap(continued + rest);
  return [first, next as string, ...more.map((text) => continued + text.trimStart())];
}
