/** The mobile-webview package: its pages answer through each app's channel; the wire alone is a stand-in. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageRoot } from '../../compiler/root.ts';
import { mobileWebviewTarget } from '../../targets/mobile-webview/target.ts';
import { requireTool } from '../require-tool.ts';
import { Application, type Evaluate, expectedOutput, pixels } from './application.ts';

const request = JSON.stringify({ id: 7, inputs: { x: { dtype: 'uint8', data: Buffer.from(pixels).toString('base64') } } });

/** Defines the app's side of the channel before the page's own scripts run. */
const channels = {
  'React Native WebView': 'window.ReactNativeWebView = { postMessage };',
  'Android WebView': 'window.whittleNative = { postMessage };',
  WKWebView: 'Object.defineProperty(window, "webkit", { value: { messageHandlers: { whittle: { postMessage } } } });',
} as const;

async function messages(evaluate: Evaluate, count: number): Promise<Record<string, unknown>[]> {
  for (;;) {
    const received = (await evaluate('received')) as string[];
    if (received.length >= count) return received.map((text) => JSON.parse(text));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(!requireTool('chromium'))('the mobile-webview package', () => {
  let application: Application;
  let expected: number[];

  beforeAll(async () => {
    application = await Application.create(mobileWebviewTarget);
    expected = await expectedOutput();
  });
  afterAll(() => application?.close());

  test.for(Object.entries(channels))('answers over the channel of %s', async ([channel, define], { expect }) => {
    const { default: html } = (await import(pathToFileURL(join(application.packageFolder, 'react-native', 'model-html.js')).href)) as {
      default: string;
    };
    const app = `<script>var received = []; var postMessage = (text) => { received.push(text); }; ${define}</script>`;
    const name = `${channel.replaceAll(' ', '-')}.html`;
    application.write(name, html.replace('<title>small</title>', `<title>application</title>${app}`));
    const evaluate = await application.openFile(name);
    const [ready] = await messages(evaluate, 1);
    expect(ready).toMatchObject({ ready: { inputs: [{ name: 'x', length: 108 }], info: { name: 'small' } } });
    if (channel === 'React Native WebView')
      await evaluate(`document.dispatchEvent(new MessageEvent('message', { data: ${JSON.stringify(request)} }))`);
    else await evaluate(`whittleBridge.receive(${JSON.stringify(request)})`);
    const [, answer] = await messages(evaluate, 2);
    expect(answer).toMatchObject({ id: 7, outputs: { y: expected } });
    expect((answer as { labels: unknown[] }).labels).toHaveLength(5);
    await evaluate(`whittleBridge.receive('{"id":8,"inputs":{"x":{"dtype":"uint8","data":"AA=="}}}')`);
    expect((await messages(evaluate, 3))[2]).toEqual({ id: 8, error: 'input "x" has 1 values, expected 108 values [1, 6, 6, 3]' });
  });

  test('www/index.html loads its scripts from disk', async () => {
    const page = readFileSync(join(application.packageFolder, 'www', 'index.html'), 'utf8');
    application.write('model/www/app.html', page.replace('<title>small</title>', '<title>application</title>'));
    const evaluate = await application.openFile('model/www/app.html');
    const y = await evaluate(
      `small.createSession().then((session) => session.run(Uint8Array.from([${pixels}]))).then(({ y }) => Array.from(y))`,
    );
    expect(y).toEqual(expected);
  });

  test('the React Native component type-checks against stand-ins of its two libraries', () => {
    const folder = join(application.packageFolder, 'react-native');
    application.write(
      'model/react-native/libraries.d.ts',
      `declare module 'react' {
  export function useRef<T>(value: T | null): { current: T | null };
  export function useCallback<F extends (...args: never[]) => unknown>(f: F, dependencies: readonly unknown[]): F;
}
declare module 'react/jsx-runtime' { export const jsx: unknown; export namespace JSX { interface Element {} interface IntrinsicAttributes { ref?: unknown } interface ElementClass { props: unknown } interface ElementAttributesProperty { props: unknown } } }
declare module 'react-native-webview' {
  export interface WebViewMessageEvent { nativeEvent: { data: string } }
  export class WebView { constructor(props: WebView['props']); props: { source: { html: string; baseUrl?: string }; originWhitelist?: string[]; onMessage?(event: WebViewMessageEvent): void; onLoadEnd?(): void; webviewDebuggingEnabled?: boolean; style?: object }; postMessage(text: string): void }
}
`,
    );
    const options = [
      '--noEmit',
      '--strict',
      '--jsx',
      'react-jsx',
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--lib',
      'es2022,dom,esnext.disposable',
      '--types',
      '',
    ];
    const { stdout } = spawnSync(join(packageRoot, 'node_modules', '.bin', 'tsc'), [...options, 'WhittleModel.tsx', 'libraries.d.ts'], {
      encoding: 'utf8',
      cwd: folder,
    });
    expect(stdout).toBe('');
  });
});
