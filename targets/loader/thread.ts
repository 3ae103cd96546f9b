/** The script of a helper thread in a browser. */
import { type HelperTask, helpRuns } from '../../compiler/threads.ts';

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<HelperTask>) => void;
  postMessage(message: string): void;
};

scope.onmessage = ({ data }) => helpRuns(data, () => scope.postMessage('ready'));
