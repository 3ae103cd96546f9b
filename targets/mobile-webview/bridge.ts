/**
 * Inside the webview: answers an app's native code, whose only channel is text. Bundled to dist/bridge.js.
 *
 *     app → page  whittleBridge.receive('{"id":1,"inputs":{"image":{"dtype":"uint8","data":"<base64>"}}}')
 *     page → app  {"ready":{"inputs":[…],"outputs":[…],"info":{…}}}   once, or {"error":"…"}
 *                 {"id":1,"outputs":{"probabilities":[…]},"labels":[…],"microseconds":123}   or {"id":1,"error":"…"}
 */
import type { InputData } from '../loader/convert.ts';
import type { Inputs, Session } from '../loader/session.ts';
import { decodeBase64 } from '../loader/source.ts';

/** `uint8`: stored values such as pixels; `int8`: quantized; `float32`: real values, little-endian. */
interface EncodedInput {
  readonly dtype: 'uint8' | 'int8' | 'float32';
  readonly data: string;
}

interface Request {
  readonly id: number;
  readonly inputs: Readonly<Record<string, EncodedInput>>;
}

interface NativeChannels {
  /** React Native WebView. */
  readonly ReactNativeWebView?: { postMessage(text: string): void };
  /** Android WebView: addJavascriptInterface(…, "whittleNative"). */
  readonly whittleNative?: { postMessage(text: string): void };
  /** WKWebView: userContentController.add(…, name: "whittle"). */
  readonly webkit?: { readonly messageHandlers?: { readonly whittle?: { postMessage(text: string): void } } };
}

function send(message: unknown): void {
  const text = JSON.stringify(message);
  const { ReactNativeWebView, whittleNative, webkit } = globalThis as NativeChannels;
  const channel = ReactNativeWebView ?? whittleNative ?? webkit?.messageHandlers?.whittle;
  if (channel) channel.postMessage(text);
  // Capacitor and Cordova apps are the page's own script: they listen to the event.
  globalThis.dispatchEvent(new CustomEvent('whittle', { detail: message }));
}

function decode({ dtype, data }: EncodedInput): InputData {
  const bytes = decodeBase64(data);
  if (dtype === 'float32') return new Float32Array(bytes.buffer);
  return dtype === 'int8' ? new Int8Array(bytes.buffer) : bytes;
}

async function answer(session: Session, { id, inputs }: Request): Promise<void> {
  try {
    const decoded: Inputs = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, decode(input)]));
    const start = performance.now();
    const { labels, ...outputs } = await session.run(decoded);
    const microseconds = (performance.now() - start) * 1000;
    const values = Object.fromEntries(Object.entries(outputs as Record<string, Float32Array>).map(([name, output]) => [name, [...output]]));
    send({ id, outputs: values, ...(labels && { labels }), microseconds });
  } catch (error) {
    send({ id, error: (error as Error).message });
  }
}

/** @param createSession of the package's script */
export function startBridge(createSession: () => Promise<Session>): { receive(text: string): void } {
  const created = createSession();
  created.then(
    ({ inputs, outputs, info }) => send({ ready: { inputs, outputs, info } }),
    (error: Error) => send({ error: `this webview cannot run the model: ${error.message}` }),
  );
  const bridge = { receive: (text: string) => void created.then((session) => answer(session, JSON.parse(text))) };
  // React Native (Android on document, iOS on window) delivers with a message event.
  const listen = (event: Event) => {
    const { data } = event as MessageEvent;
    if (typeof data === 'string' && data.startsWith('{"id":')) bridge.receive(data);
  };
  document.addEventListener('message', listen);
  globalThis.addEventListener('message', listen);
  return bridge;
}
