/** The short native samples: each only shows the page and passes text, the model runs in the webview. */

const ANDROID_ORIGIN = 'https://appassets.androidplatform.net';

/** Kotlin: assets over https (WebViewAssetLoader), answers over a JavaScript interface. */
export function androidSample(folder: string): string {
  return `// app/build.gradle: implementation "androidx.webkit:webkit:1.12.1"; copy www/ to app/src/main/assets/${folder}/
import android.annotation.SuppressLint
import android.content.Context
import android.util.Base64
import android.webkit.JavascriptInterface
import android.webkit.WebResourceRequest
import android.webkit.WebResourceResponse
import android.webkit.WebView
import android.webkit.WebViewClient
import androidx.webkit.WebViewAssetLoader
import org.json.JSONObject

/** Runs the model in a WebView that need not be shown. [onMessage] gets what bridge.js sends, on a thread of the WebView. */
@SuppressLint("SetJavaScriptEnabled")
class WhittleModel(context: Context, private val onMessage: (JSONObject) -> Unit) {
    private val loader = WebViewAssetLoader.Builder()
        .addPathHandler("/assets/", WebViewAssetLoader.AssetsPathHandler(context))
        .build()

    private val view = WebView(context).apply {
        settings.javaScriptEnabled = true
        webViewClient = object : WebViewClient() {
            override fun shouldInterceptRequest(view: WebView, request: WebResourceRequest): WebResourceResponse? =
                loader.shouldInterceptRequest(request.url)
        }
        addJavascriptInterface(object {
            @JavascriptInterface
            fun postMessage(text: String) = onMessage(JSONObject(text))
        }, "whittleNative")
        // To measure with \`whittle bench --on android\`, in debug builds only:
        // WebView.setWebContentsDebuggingEnabled(true)
        loadUrl("${ANDROID_ORIGIN}/assets/${folder}/index.html")
    }

    /** Call on the main thread; [pixels] are stored values (uint8) of the input [name]. */
    fun run(id: Int, name: String, pixels: ByteArray) {
        val data = Base64.encodeToString(pixels, Base64.NO_WRAP)
        val input = JSONObject().put("dtype", "uint8").put("data", data)
        // "id" comes first: the bridge knows its messages by it.
        val message = "{\\"id\\":$id,\\"inputs\\":" + JSONObject().put(name, input) + "}"
        view.evaluateJavascript("whittleBridge.receive(" + JSONObject.quote(message) + ")", null)
    }
}
`;
}

/** Swift: the folder behind a scheme of its own (file:// pages may not be what an app wants), answers over a message handler. */
export function iosSample(folder: string): string {
  return `// Add www/ to the app target as a folder reference named "${folder}".
import Foundation
import WebKit

/// Runs the model in a WKWebView that need not be shown. \`onMessage\` gets what bridge.js sends, on the main thread.
final class WhittleModel: NSObject, WKURLSchemeHandler, WKScriptMessageHandler {
    private var view: WKWebView!
    private let onMessage: ([String: Any]) -> Void

    init(onMessage: @escaping ([String: Any]) -> Void) {
        self.onMessage = onMessage
        super.init()
        let configuration = WKWebViewConfiguration()
        configuration.setURLSchemeHandler(self, forURLScheme: "whittle")
        configuration.userContentController.add(self, name: "whittle")
        view = WKWebView(frame: .zero, configuration: configuration)
        if #available(iOS 16.4, *) { view.isInspectable = true }  // to measure; debug builds only
        view.load(URLRequest(url: URL(string: "whittle://app/index.html")!))
    }

    /// \`pixels\` are stored values (uint8) of the input \`name\`.
    func run(id: Int, name: String, pixels: Data) throws {
        let input = ["dtype": "uint8", "data": pixels.base64EncodedString()]
        let inputs = String(data: try JSONSerialization.data(withJSONObject: [name: input]), encoding: .utf8)!
        // "id" comes first: the bridge knows its messages by it.
        let message = "{\\"id\\":\\(id),\\"inputs\\":\\(inputs)}"
        let quoted = String(data: try JSONEncoder().encode([message]), encoding: .utf8)!.dropFirst().dropLast()
        view.evaluateJavaScript("whittleBridge.receive(\\(quoted))")
    }

    func userContentController(_ controller: WKUserContentController, didReceive message: WKScriptMessage) {
        guard let text = message.body as? String, let data = text.data(using: .utf8),
              let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else { return }
        onMessage(object)
    }

    func webView(_ webView: WKWebView, start task: WKURLSchemeTask) {
        let name = task.request.url!.lastPathComponent
        let types = ["html": "text/html", "js": "text/javascript"]
        guard let file = Bundle.main.url(forResource: name, withExtension: nil, subdirectory: "${folder}"),
              let data = try? Data(contentsOf: file) else {
            task.didFailWithError(URLError(.fileDoesNotExist))
            return
        }
        let type = types[file.pathExtension] ?? "application/octet-stream"
        task.didReceive(URLResponse(url: task.request.url!, mimeType: type, expectedContentLength: data.count, textEncodingName: "utf-8"))
        task.didReceive(data)
        task.didFinish()
    }

    func webView(_ webView: WKWebView, stop task: WKURLSchemeTask) {}
}
`;
}

/** TSX: a component that hides the webview; the page travels as one string, nothing is fetched. */
export const reactNativeSample = `import { useCallback, useRef } from 'react';
import { WebView, type WebViewMessageEvent } from 'react-native-webview';
import html from './model-html';
import type { ModelOutputs, PortInfo, SessionInfo } from '../types';

export interface EncodedInput {
  readonly dtype: 'uint8' | 'int8' | 'float32';
  /** Base64 of the values, little-endian. */
  readonly data: string;
}

export type Message =
  | { readonly ready: { readonly inputs: readonly PortInfo[]; readonly outputs: readonly PortInfo[]; readonly info: SessionInfo } }
  | { readonly id: number; readonly outputs: { readonly [name in Exclude<keyof ModelOutputs, 'labels'>]: readonly number[] }; readonly microseconds: number }
  | { readonly id?: number; readonly error: string };

export interface WhittleModelProps {
  readonly onMessage: (message: Message) => void;
  /** Gives the function that runs the model once the component is there. */
  readonly onRun: (run: (id: number, inputs: Readonly<Record<string, EncodedInput>>) => void) => void;
}

export function WhittleModel({ onMessage, onRun }: WhittleModelProps) {
  const view = useRef<WebView>(null);
  const receive = useCallback((event: WebViewMessageEvent) => onMessage(JSON.parse(event.nativeEvent.data)), [onMessage]);
  const start = useCallback(
    () => onRun((id, inputs) => view.current?.postMessage(JSON.stringify({ id, inputs }))),
    [onRun],
  );
  return (
    <WebView
      ref={view}
      source={{ html, baseUrl: 'https://localhost/' }}
      originWhitelist={['*']}
      onMessage={receive}
      onLoadEnd={start}
      webviewDebuggingEnabled={__DEV__}
      style={{ width: 0, height: 0 }}
    />
  );
}

declare const __DEV__: boolean;
`;
