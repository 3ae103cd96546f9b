/** From the float model to the packed file, stage by stage; and what each layer weighs. */
import { bytesText } from '../../compiler/cli/table.ts';
import { bars } from './bars.ts';
import type { CompileDocument, Runs, Stage } from './documents.ts';
import { bytes, figure, type Html, html, table } from './html.ts';

function stagesOf(document: CompileDocument): readonly Stage[] {
  return [
    { stage: 'ONNX file', bytes: document.sourceBytes },
    { stage: 'float32 parameters', bytes: 4 * document.parameters },
    { stage: 'constants', bytes: document.constantBytes },
    { stage: 'packed file', bytes: document.packedBytes },
  ];
}

function waterfall(name: string, stages: readonly Stage[]): Html {
  const first = stages[0]?.bytes ?? 1;
  const { width, height, content } = bars(stages.map(({ stage, bytes: value }) => ({ label: stage, value, text: bytesText(value) })));
  return html`<h3>${name}</h3>
${figure('Size', 'Bytes of each stage.', width, height, content)}
${table(
  `Size of ${name}`,
  ['stage', 'bytes', 'of the first'],
  stages.map(({ stage, bytes: value }) => [stage, bytes(value), `${((100 * value) / first).toFixed(1)} %`]),
)}`;
}

/** `compress` and `search` name their stages themselves. */
export function sizeSection({ compiled, compressed }: Pick<Runs, 'compiled' | 'compressed'>): Html[] {
  return [
    ...compiled.map(({ name, document }) => waterfall(name, stagesOf(document))),
    ...compressed.map(({ name, document }) => waterfall(name, document.waterfall)),
  ];
}
