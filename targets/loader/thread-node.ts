/** The script of a helper thread in Node. */
import { parentPort } from 'node:worker_threads';
import { type HelperTask, helpRuns } from '../../compiler/threads.ts';

parentPort?.once('message', (task: HelperTask) => helpRuns(task, () => parentPort?.postMessage('ready')));
