/** Target mobile-webview: one folder for Capacitor, Cordova, React Native WebView, Android WebView and WKWebView apps; nothing is fetched. */
import type { PackedModel } from '../../compiler/packed/read.ts';
import { globalName, inlineScript } from '../browser/inline.ts';
import { typeDeclarations } from '../declarations.ts';
import type { Target } from '../target.ts';
import { buildRuntimes, bundle, packageName, readme, writeWebPackage } from '../web-package.ts';
import { androidSample, iosSample, reactNativeSample } from './samples.ts';

/** @param scripts the elements that load or hold the model's script and the bridge */
function page(name: string, scripts: string): string {
  return `<!doctype html>
<meta charset="utf-8">
<title>${name}</title>
<meta name="viewport" content="width=device-width">
${scripts}
<script>var whittleBridge = whittleBridgeLoader.startBridge(${globalName(name)}.createSession);</script>
`;
}

/** The page with its scripts inside; no text of theirs may end the element. */
function pageInOne(name: string, script: string, bridge: string): string {
  const inside = (code: string) => `<script>${code.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--')}</script>`;
  return page(name, `${inside(script)}\n${inside(bridge)}`);
}

function usage(name: string, model: PackedModel): string {
  const variable = globalName(name);
  const input = model.metadata.inputs[0]?.name ?? 'input';
  return `The model runs in the app's webview, in WASM SIMD where the webview has it; nothing is fetched and no permission is needed.

**Capacitor, Ionic, Cordova**: copy \`www/${name}.iife.js\` into the app's \`www/\` (or \`public/\`) folder:

\`\`\`html
<script src="${name}.iife.js"></script>
<script>
  const session = await ${variable}.createSession();      // or createWorkerSession()
  const outputs = await session.run(imageData);           // or { ${input}: Uint8Array of pixels }
</script>
\`\`\`

**React Native**: copy \`react-native/\` and \`types.d.ts\`; \`<WhittleModel onMessage={…} onRun={…} />\` (needs react-native-webview).

**Android WebView**: copy \`www/\` to \`app/src/main/assets/${name}/\` and \`android/WhittleModel.kt\` into the app.

**WKWebView**: add \`www/\` as the folder reference "${name}" and \`ios/WhittleModel.swift\` to the target. In Lockdown Mode WebAssembly is off: the bridge says so.

To measure on the phone: \`whittle bench model.whittle --on android\` (cable, Chrome or a debuggable WebView) or \`--on page\` (any phone, QR code).`;
}

export const mobileWebviewTarget: Target = {
  name: 'mobile-webview',
  async package(model, folder, options) {
    const name = packageName(options.name ?? model.metadata.name);
    const runtimes = await buildRuntimes(model);
    const script = inlineScript(model, runtimes, globalName(name));
    const bridge = bundle('bridge.js');
    const html = pageInOne(name, script, bridge);
    return writeWebPackage(folder, model, runtimes, {
      [`www/${name}.iife.js`]: script,
      'www/bridge.js': bridge,
      'www/index.html': page(name, `<script src="${name}.iife.js"></script>\n<script src="bridge.js"></script>`),
      'react-native/model-html.js': `export default ${JSON.stringify(html)};\n`,
      'react-native/model-html.d.ts': 'declare const html: string;\nexport default html;\n',
      'react-native/WhittleModel.tsx': reactNativeSample,
      'android/WhittleModel.kt': androidSample(name),
      'ios/WhittleModel.swift': iosSample(name),
      'types.d.ts': typeDeclarations(model),
      'README.md': readme(model, name, usage(name, model)),
    });
  },
};
