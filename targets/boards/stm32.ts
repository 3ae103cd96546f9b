/** What the STM32 families share (RM0090, RM0351, RM0433, RM0456; AN2606; UM1724, UM1974, UM2407, UM2581, UM2861). */
import type { BootRom, Flasher, UsbId } from './board.ts';

/** ST-LINK/V2-1, as on Nucleo boards up to 2018. */
export const stLinkV21: UsbId = { vendorId: 0x0483, productId: 0x374b, of: 'probe' };

/** STLINK-V3 and V3E. */
export const stLinkV3: UsbId = { vendorId: 0x0483, productId: 0x374e, of: 'probe' };

/** Boot ROM with BOOT0 high, over USB. */
const dfu: Flasher = { kind: 'dfu', usb: { vendorId: 0x0483, productId: 0xdf11, of: 'bootloader' } };

/**
 * @param openocd file in OpenOCD's target/ folder
 * @param probeRs chip as probe-rs names it
 */
export function nucleoFlashers(openocd: string, probeRs: string, bootRom: BootRom): readonly Flasher[] {
  return [
    { kind: 'probe', openocd: ['interface/stlink.cfg', `target/${openocd}.cfg`], probeRs, stlink: true },
    { kind: 'drive' },
    { kind: 'stm32-uart', ...bootRom },
    dfu,
  ];
}
