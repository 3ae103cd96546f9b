/** The one list of targets. */
import { browserTarget } from './browser/target.ts';
import { mcuTarget } from './mcu/target.ts';
import { mobileWebviewTarget } from './mobile-webview/target.ts';
import { nodeTarget } from './node/target.ts';
import type { Target } from './target.ts';

export const targets: readonly Target[] = [browserTarget, mcuTarget, mobileWebviewTarget, nodeTarget];
