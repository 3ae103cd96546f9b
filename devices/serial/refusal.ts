/** What a board says no with, in words. */
import { BudgetError, DeviceError, type WhittleError } from '../../compiler/errors.ts';
import type { BoardRefusal } from './link.ts';
import type { BoardInfo } from './monitor.ts';
import * as protocol from './protocol.ts';

const imageFaults: Readonly<Record<number, (detail: number) => string>> = {
  [protocol.IMAGE_FAULT_MAGIC]: () => 'it is no board image',
  [protocol.IMAGE_FAULT_VERSION]: (detail) => `it has image version ${detail}`,
  [protocol.IMAGE_FAULT_SIZE]: () => 'its size is not the one in its header',
  [protocol.IMAGE_FAULT_CRC]: () => 'its CRC-32 does not match',
  [protocol.IMAGE_FAULT_VOCABULARY]: (detail) => `its weights are prepared for vocabulary ${detail}`,
  [protocol.IMAGE_FAULT_SECTION]: () => 'its tables lie outside of it',
  [protocol.IMAGE_FAULT_TENSOR]: (detail) => `tensor ${detail} lies outside its region`,
  [protocol.IMAGE_FAULT_PORT]: (detail) => `port ${detail} is not a tensor`,
  [protocol.IMAGE_FAULT_STEP]: (detail) => `step ${detail} is malformed`,
  [protocol.IMAGE_FAULT_OPCODE]: (detail) => `step ${detail} needs a kernel that the firmware does not contain`,
};

/** For `whittle devices` and for errors. */
export function imageFaultText(fault: number, detail = 0): string {
  return imageFaults[fault]?.(detail) ?? `fault ${fault}`;
}

const requestNames: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(protocol).flatMap(([name, value]) => (name.startsWith('REQUEST_') ? [[value, name.slice(8).toLowerCase()]] : [])),
);

export function explainRefusal({ request, status, payload }: BoardRefusal, port: string, { board }: BoardInfo): WhittleError {
  const detail = (index: number) =>
    payload.length >= 4 * index + 4 ? new DataView(payload.buffer, payload.byteOffset).getUint32(4 * index, true) : 0;
  const where = `${port}: ${board}`;
  switch (status) {
    case protocol.RESULT_TOO_LARGE:
      return new BudgetError(`${where}: the largest free slot has ${detail(0)} bytes; compress the model more, or choose another board`);
    case protocol.RESULT_NO_MEMORY:
      return new BudgetError(
        `${where}: the model needs ${detail(0)} bytes of RAM for arena and workspace, there are ${detail(1)}; choose another board or a smaller input, or run the layers one by one (eval --stream)`,
      );
    case protocol.RESULT_NO_MODEL:
      return new DeviceError(`${where}: has no model; upload one first`, 7);
    case protocol.RESULT_BAD_IMAGE:
      return new DeviceError(
        `${where}: refuses the model: ${imageFaultText(detail(0), detail(1))}; flash the monitor of this version of whittle (whittle flash), then upload again`,
        7,
      );
    case protocol.RESULT_FLASH_FAILED:
      return new DeviceError(
        `${where}: the flash does not hold what was written to it; try again, and if it stays so, the flash is worn out`,
        7,
      );
    default:
      return new DeviceError(
        `${where}: request ${requestNames[request] ?? request} was refused with status ${status}, details ${detail(0)} and ${detail(1)}; flash the monitor again (whittle flash)`,
        7,
      );
  }
}
