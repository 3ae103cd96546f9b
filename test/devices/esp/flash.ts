/**
 * The flash of an ESP32-C3 behind its cache, and the functions of the boot ROM that the monitor calls (ESP-IDF's esp32c3.rom.ld,
 * esp32c3/rom/spi_flash.h and cache.h).
 */
import { createRandom } from '../serial/random.ts';

const SECTOR = 4096;
const PAGE = 256;
const MMU_PAGE = 0x10000;
const MMU_PAGES = 128;
const LINE = 32;
const FAILED = 1;

/** The power fails in the middle of a write or an erasure of the flash. */
export class PowerCut extends Error {
  constructor(readonly done: () => void) {
    super('the power is gone');
  }
}

export interface FlashCut {
  /** Number of the operation. */
  readonly at: number;
  readonly done: () => void;
}

type RomFunction = (words: readonly number[], ram: (address: number, bytes: number) => Uint8Array) => number;

export class EspFlash {
  cut: FlashCut | undefined;
  /** Pages written and sectors erased. */
  operations = 0;
  /** What the cache holds, at addresses from the start of the mapped memory, and for which lines. */
  private readonly cache: DataView;
  private readonly lines: Uint8Array;
  private mmu: (number | undefined)[] = [];
  private isOn = false;
  /** As told to the ROM. */
  private chipBytes = 0;
  private cpuMHz = 0;
  private readonly random = createRandom(77);

  constructor(readonly bytes: Uint8Array) {
    this.cache = new DataView(new ArrayBuffer(MMU_PAGES * MMU_PAGE));
    this.lines = new Uint8Array((MMU_PAGES * MMU_PAGE) / LINE);
  }

  reset(): void {
    this.isOn = true;
    this.lines.fill(0);
    this.mmu = new Array(MMU_PAGES).fill(undefined);
    this.chipBytes = 0;
    this.cpuMHz = 20;
  }

  /** MHz that the ROM's delays count with. */
  get romMHz(): number {
    return this.cpuMHz;
  }

  readCached(at: number, bytes: 1 | 2 | 4): number {
    if (!this.isOn) throw new Error('the flash is read while the cache is off');
    const line = Math.floor(at / LINE);
    if (!this.lines[line]) {
      const page = this.mmu[Math.floor(at / MMU_PAGE)];
      if (page === undefined) throw new Error(`the flash is read at ${at.toString(16)}, where nothing is mapped`);
      const from = page * MMU_PAGE + ((line * LINE) % MMU_PAGE);
      new Uint8Array(this.cache.buffer).set(this.bytes.subarray(from, from + LINE), line * LINE);
      this.lines[line] = 1;
    }
    if (bytes === 4) return this.cache.getInt32(at, true);
    return bytes === 2 ? this.cache.getUint16(at, true) : this.cache.getUint8(at);
  }

  callRom(address: number, words: readonly number[], ram: (address: number, bytes: number) => Uint8Array): number {
    const called = this.rom.get(address);
    if (!called) throw new Error(`the ROM has nothing at ${address.toString(16)}`);
    return called(words, ram);
  }

  /** One page or sector; of the one that the power cuts a part is done. */
  private change(at: number, bytes: number, work: (at: number) => void): void {
    if (this.isOn) throw new Error('the flash is changed while the cache may read it');
    const { cut } = this;
    const isCut = this.operations++ === cut?.at;
    for (let i = 0; i < bytes; i++) if (!isCut || this.random() < 0.5) work(at + i);
    if (!isCut) return;
    this.cut = undefined;
    throw new PowerCut((cut as FlashCut).done);
  }

  private readonly rom = new Map<number, RomFunction>([
    [
      0x40000128,
      // esp_rom_spiflash_erase_sector
      ([sector = 0]) => {
        if (sector >= this.chipBytes / SECTOR) return FAILED;
        this.change(sector * SECTOR, SECTOR, (at) => {
          this.bytes[at] = 0xff;
        });
        return 0;
      },
    ],
    [
      0x4000012c,
      // esp_rom_spiflash_write
      ([offset = 0, source = 0, length = 0], ram) => {
        if (offset % 4 || source % 4 || length % 4 || offset + length > this.chipBytes) return FAILED;
        const data = ram(source, length);
        for (let at = 0; at < length; ) {
          const count = Math.min(length - at, PAGE - ((offset + at) % PAGE));
          this.change(offset + at, count, (byte) => {
            this.bytes[byte]! &= data[byte - offset] as number;
          });
          at += count;
        }
        return 0;
      },
    ],
    [
      0x40000134,
      // esp_rom_spiflash_config_param
      ([, chip = 0, block, sector, page, mask]) => {
        if (block !== 0x10000 || sector !== SECTOR || page !== PAGE || mask !== 0xffff) return FAILED;
        this.chipBytes = chip;
        return 0;
      },
    ],
    [
      0x4000051c,
      // Cache_Disable_ICache
      () => {
        this.isOn = false;
        this.lines.fill(0);
        return 0;
      },
    ],
    [
      0x40000520,
      // Cache_Enable_ICache
      () => {
        this.isOn = true;
        return 0;
      },
    ],
    [
      0x4000055c,
      // Cache_MMU_Init
      () => {
        if (this.isOn) throw new Error('the mapping is changed while the cache is on');
        this.mmu.fill(undefined);
        return 0;
      },
    ],
    [
      0x40000564,
      // Cache_Dbus_MMU_Set
      ([memory, address = 0, offset = 0, kilobytes, pages = 0, fixed]) => {
        if (this.isOn) throw new Error('the mapping is changed while the cache is on');
        if (address % MMU_PAGE || offset % MMU_PAGE) return 2;
        if (kilobytes !== 64) return 3;
        const first = (address - 0x3c000000) / MMU_PAGE;
        if (memory !== 0 || fixed !== 0 || first < 0 || first + pages > MMU_PAGES) return 4;
        for (let i = 0; i < pages; i++) this.mmu[first + i] = offset / MMU_PAGE + i;
        return 0;
      },
    ],
    [
      0x40000588,
      // ets_update_cpu_frequency
      ([mhz = 0]) => {
        this.cpuMHz = mhz;
        return 0;
      },
    ],
  ]);
}
