/** One self-contained page: no script, no network; light and dark, on screen and on paper. */
import { version } from '../../compiler/root.ts';
import { accuracySection } from './accuracy.ts';
import { arenaSection } from './arena.ts';
import { compressionSection } from './compression.ts';
import { countSection, layerCountSection } from './count.ts';
import type { Runs } from './documents.ts';
import { Html, html } from './html.ts';
import { comparisonSection, latencySection, layerTimeSection } from './latency.ts';
import { paretoSection } from './pareto.ts';
import { quantizationSection } from './quantization.ts';
import { sizeSection } from './size.ts';

const style = `
:root { color-scheme: light dark; --text: #1b1f24; --muted: #57606a; --ground: #ffffff; --line: #d0d7de; --first: #2f6fdb; --second: #c2410c; --pale: #57606a; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --muted: #9da7b3; --ground: #0d1117; --line: #30363d; --first: #6ea8ff; --second: #ff9d5c; --pale: #9da7b3; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 70rem; padding: 1.5rem; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p, figcaption { color: var(--muted); max-width: 45rem; }
figure { margin: .5rem 0 1rem; } figcaption { font-size: .875rem; }
svg { display: block; width: 100%; min-width: 560px; max-width: 760px; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--text); } svg text.axis { fill: var(--muted); }
svg .first { fill: var(--first); } svg .second { fill: var(--second); } svg .muted { fill: var(--pale); }
svg .block { fill-opacity: .28; stroke: currentColor; stroke-opacity: .35; }
svg .whisker { stroke: var(--text); stroke-width: 1.5; fill: none; }
.scroll { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; white-space: nowrap; color: var(--muted); padding-bottom: .25rem; }
th, td { padding: .2rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; font-weight: normal; }
th:first-child, .text { text-align: left; } tbody th { white-space: normal; min-width: 9rem; } thead th { font-weight: 600; }
.pair { display: flex; flex-wrap: wrap; gap: 1.5rem; } .pair table { font-size: .75rem; } .pair th, .pair td { padding: .1rem .2rem; } .pair tbody th { min-width: 0; }
.pair thead th { vertical-align: bottom; } .pair thead th + th span { writing-mode: vertical-rl; transform: rotate(180deg); }
.cell { display: block; padding: 0 .2rem; border-bottom: 3px solid transparent; }
.right { border-color: color-mix(in srgb, var(--first) calc(20% + 80% * var(--share)), transparent); }
.wrong { border-color: color-mix(in srgb, var(--second) calc(20% + 80% * var(--share)), transparent); }
.none { color: var(--muted); } .warnings { color: var(--second); }
@media print { body { max-width: none; padding: 0; } .scroll { overflow: visible; } figure, tr { break-inside: avoid; } }
`;

function section(title: string, about: string, content: readonly Html[]): Html {
  return content.length ? html`<section><h2>${title}</h2><p>${about}</p>${content}</section>` : html``;
}

/** @param title of the page */
export function reportPage(runs: Runs, title: string): string {
  const { compiled, compressed, benches, comparisons, counts, evaluations } = runs;
  const sections = [
    section('Size', 'From the float model to the file that is shipped.', sizeSection(runs)),
    section('Search', 'Models that were measured on all validation samples on the way to the goal.', paretoSection(compressed)),
    section(
      'Compression',
      'Errors are shares of the variance of a layer’s answers: 0 is equal, 1 as good as their mean. Predicted ones come from the statistics alone.',
      compressionSection(compressed),
    ),
    section(
      'Accuracy',
      'The packed model against labels and against its float original. Equal CRC-32s are equal output bytes.',
      accuracySection(evaluations),
    ),
    section('Latency', 'Measured on the device itself; loading and the first inference stand apart.', [
      ...latencySection(benches),
      ...comparisonSection(comparisons),
    ]),
    section('Instructions', 'Counted by emulators of boards: exact, and no measure of time.', countSection(counts)),
    section('Layers', 'Where the time goes.', [...layerTimeSection(benches), ...layerCountSection(counts)]),
    section('Memory', 'The arena is planned by the compiler: this is all the working memory there is.', arenaSection(compiled)),
    section('Quantization', 'Higher is better; 40 dB is one part in a hundred.', quantizationSection(compiled)),
  ];
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><link rel="icon" href="data:,"><style>${new Html(style)}</style></head>
<body><main><h1>${title}</h1><p>Made by whittle ${version} from ${[...compiled, ...compressed, ...evaluations, ...benches, ...counts].map(({ name }) => name).join(', ')}.</p>
${sections}
</main></body></html>
`;
  return page.text;
}
