/** The playground's page: takes files, lets the worker compile and measure, shows what it says. */
import { bytesText, percentText, timeText } from '../../compiler/cli/table.ts';
import type { CompileRequest, PlaygroundMessage, PlaygroundResult } from './messages.ts';

const files = new Map<string, Uint8Array>();
let worker: Worker | undefined;
let isCompiling = false;
/** Ends when everything that was dropped so far has been read. */
let reading = Promise.resolve();

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

/** Images lie in a folder of their own, as the command line expects them. */
const IMAGES = 'images';

function pathOf(name: string): string {
  return /\.(png|jpe?g)$/i.test(name) ? `${IMAGES}/${name}` : name;
}

function modelPath(): string | undefined {
  return [...files.keys()].find((path) => path.endsWith('.onnx'));
}

function samplesPath(): string | undefined {
  const paths = [...files.keys()];
  const described = paths.find((path) => path.endsWith('.dataset.json')) ?? paths.find((path) => path.endsWith('.json'));
  const arrays = paths.find((path) => /\.np[yz]$/.test(path));
  return described ?? arrays ?? (paths.some((path) => path.startsWith(`${IMAGES}/`)) ? IMAGES : undefined);
}

function updateButton(): void {
  element<HTMLButtonElement>('compile').disabled = isCompiling || modelPath() === undefined;
}

function showList(): void {
  const items = [...files].map(([path, bytes]) => {
    const item = document.createElement('li');
    item.textContent = `${path}, ${bytesText(bytes.length)}`;
    return item;
  });
  const more = document.createElement('li');
  more.textContent = `… ${items.length - 8} more`;
  element('list').replaceChildren(...items.slice(0, 8), ...(items.length > 8 ? [more] : []));
}

async function readFiles(list: readonly File[]): Promise<void> {
  try {
    const contents = await Promise.all(list.map(async (file) => [file, new Uint8Array(await file.arrayBuffer())] as const));
    for (const [file, bytes] of contents) {
      // A new model replaces the old one.
      if (file.name.endsWith('.onnx')) for (const path of [...files.keys()]) if (path.endsWith('.onnx')) files.delete(path);
      files.set(pathOf(file.webkitRelativePath.split('/').slice(1).join('/') || file.name), bytes);
    }
    element('problems').textContent = '';
  } catch (error) {
    element('problems').textContent = `What was dropped cannot be read (a folder is chosen by its files): ${(error as Error).message}`;
  }
  showList();
  updateButton();
}

function addFiles(list: FileList | null | undefined): void {
  // The browser empties its list when the event is over.
  const dropped = [...(list ?? [])];
  reading = reading.then(() => readFiles(dropped));
}

function showStage(text: string, done?: number, total?: number): void {
  element('stage').textContent = total ? `${text}: ${done} of ${total}` : text;
  const progress = element<HTMLProgressElement>('progress');
  if (total) {
    progress.max = total;
    progress.value = done ?? 0;
  } else progress.removeAttribute('value');
}

function addNote(text: string): void {
  const item = document.createElement('li');
  item.textContent = text;
  element('notes').append(item);
}

function offer(id: string, content: BlobPart, type: string, name: string): void {
  const link = element<HTMLAnchorElement>(id);
  if (link.href.startsWith('blob:')) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
}

function showResult(result: PlaygroundResult): void {
  const facts: [string, string][] = [
    ['packed', `${bytesText(result.packedBytes)} (ONNX file: ${bytesText(result.sourceBytes)})`],
    ['latency here', `${timeText(result.medianUs)} (median)`],
    ['compiled in', `${result.compileSeconds.toFixed(1)} s`],
  ];
  if (result.agreement !== undefined) facts.push(['agreement of int8 with float32', percentText(result.agreement)]);
  if (result.top1 !== undefined) facts.push(['int8 top-1', percentText(result.top1)]);
  element('facts').replaceChildren(
    ...facts.flatMap(([term, description]) => {
      const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
      dt.textContent = term;
      dd.textContent = description;
      return [dt, dd];
    }),
  );
  offer('save', result.packed as BlobPart, 'application/octet-stream', `${result.name}.whittle`);
  offer('save-report', result.report, 'text/html', `${result.name}.html`);
  element<HTMLIFrameElement>('report').srcdoc = result.report;
  element('result').hidden = false;
}

function finish(text: string): void {
  element('stage').textContent = text;
  element('progress').hidden = true;
  isCompiling = false;
  updateButton();
}

function receive({ data }: MessageEvent<PlaygroundMessage>): void {
  if (data.kind === 'stage') showStage(data.stage, data.done, data.total);
  else if (data.kind === 'note') addNote(data.text);
  else if (data.kind === 'result') {
    showResult(data.result);
    finish('Done.');
  } else {
    // The first line of a list of reasons is what the status says.
    element('problems').textContent = data.problems ? data.message.replace(/^.*\n/, '') : data.message;
    finish(data.problems ? `${data.problems.length} reason(s) why this model cannot be compiled:` : 'That did not work:');
  }
}

async function compile(): Promise<void> {
  isCompiling = true;
  updateButton();
  element('problems').textContent = '';
  // A model that was dropped a moment ago is the one that is meant; if it cannot be read, that stays to be seen.
  await reading;
  const model = modelPath() as string;
  worker ??= new Worker('worker.js');
  worker.onmessage = receive;
  element('notes').replaceChildren();
  element('result').hidden = true;
  element('progress').hidden = false;
  const samples = samplesPath();
  const request: CompileRequest = {
    files,
    model,
    limit: Number(element<HTMLInputElement>('limit').value),
    shapes: element<HTMLInputElement>('shapes').value,
    float: element<HTMLInputElement>('float').checked,
    ...(samples !== undefined && { samples }),
  };
  worker.postMessage(request);
}

const drop = element('drop');
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => drop.classList.remove('over'));
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  addFiles(event.dataTransfer?.files);
});
element<HTMLInputElement>('files').addEventListener('change', (event) => addFiles((event.target as HTMLInputElement).files));
element('compile').addEventListener('click', () => void compile());
