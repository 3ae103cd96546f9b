/** How a person gets a board into its boot loader. */
import type { Board, Flasher } from '../../targets/boards/board.ts';

/** An imperative without a full stop. */
export function bootloaderEntry({ title, name }: Board, { kind }: Flasher): string {
  switch (kind) {
    case 'stm32-uart':
      return `connect the port to a UART that the boot ROM listens on (AN2606), hold BOOT0 of the ${title} high (VDD) and press reset`;
    case 'dfu':
      return `hold BOOT0 of the ${title} high (VDD), connect its own USB port and press reset`;
    case 'uf2':
      return name.startsWith('pico')
        ? `hold BOOTSEL of the ${title} while you plug it in, until its drive appears`
        : `press reset of the ${title} twice, quickly, until its drive appears`;
    case 'esp':
      return `hold BOOT of the ${title}, press and release RESET (EN), release BOOT`;
    case 'drive':
      return `connect the USB port of the ${title}'s debug probe, until its drive appears`;
    case 'probe':
      return `connect the debug probe of the ${title}`;
  }
}
