/** A new model for a board that has the firmware monitor already: into its free slot, without touching the firmware. */
import { DeviceError, UsageError, WhittleError } from '../../compiler/errors.ts';
import { BoardDevice } from '../serial/board-device.ts';
import { Monitor } from '../serial/monitor.ts';
import { openPort } from '../serial/port.ts';
import type { FlashReport, FlashRequest } from './flash.ts';
import { modelIn } from './program.ts';

/** Rejects when the user asks to stop: at any moment the board has the old model or the new one, whole. */
function interruption(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () =>
      reject(
        new WhittleError(
          'interrupted',
          130,
          'interrupted: the board has the model that it had, or the new one, whole; its firmware runs on',
        ),
      );
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** @throws DeviceError when another board answers; BudgetError when the model does not fit; WhittleError (130) after Ctrl-C. */
export async function uploadModel(request: FlashRequest, port: string): Promise<FlashReport> {
  const { path, board, baud, log, progress, signal } = request;
  const model = modelIn(path);
  if (!model)
    throw new UsageError(`${path}: the firmware monitor takes models: a folder of whittle build --target mcu, or a .whittle file`);
  const wire = await openPort(port, baud === undefined ? {} : { baud });
  try {
    const monitor = await Monitor.open(wire, { onText: (line) => log(`board: ${line}`) });
    if (monitor.info.board !== board.name)
      throw new DeviceError(`${port}: is a ${monitor.info.board}, not a ${board.name}; nothing was written; choose the --board that it is`);
    const connection = { name: `serial:${port}`, counts: 'time', connect: async () => monitor, close: () => wire.close() } as const;
    const device = new BoardDevice(connection, { log, progress });
    await Promise.race([device.deploy({ model }), interruption(signal)]);
    const { model: loaded } = await monitor.refresh();
    const bytes = loaded?.bytes ?? 0;
    return { board: board.name, path, via: 'monitor', to: port, bytes, segments: [], verified: 'checksum', started: true };
  } finally {
    await wire.close();
  }
}
