/** Tools for debug probes and DFU: called with exactly these arguments, their failures quoted, what they read back compared. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FlashRequest, flash } from '../../../devices/flash/flash.ts';
import { readIntelHex } from '../../../devices/flash/intel-hex.ts';
import { boardNamed, boards } from '../../../targets/boards/index.ts';
import { randomBytes } from './random-bytes.ts';

const program = randomBytes(700, 11);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whittle-flash-'));
  mkdirSync(join(folder, 'bin'));
  // Only the tools of the test, and a shell's.
  vi.stubEnv('PATH', [join(folder, 'bin'), '/usr/bin', '/bin'].join(delimiter));
  writeFileSync(join(folder, 'program.bin'), program);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A tool that keeps its arguments and the Intel HEX it is given, and then does what `script` says. */
function install(name: string, script = ''): void {
  const path = join(folder, 'bin', name);
  const keep = `printf '%s\\n' "$*" >> ${folder}/calls\nfor word; do case "$word" in *.hex) cp "$word" ${folder}/given.hex;; esac; done`;
  writeFileSync(path, `#!/bin/sh\n${keep}\n${script}\n`);
  chmodSync(path, 0o755);
}

/** The arguments of each call, with the temporary folder left out. */
function calls(): string[] {
  const words = readFileSync(join(folder, 'calls'), 'utf8').trim();
  return words.replace(/[^ "{}]*\/whittle-flash-[^/]*\//g, '').split('\n');
}

function flashTo(board: string, options: Partial<FlashRequest> = {}) {
  const request = { path: join(folder, 'program.bin'), start: true, stub: true, progress: () => {}, log: () => {} };
  return flash({ ...request, board: boardNamed(board), ...options });
}

describe('arguments', () => {
  test.for([
    ['nucleo-f446re', 'openocd', ['-f interface/stlink.cfg -f target/stm32f4x.cfg -c program {program.hex} verify reset exit']],
    [
      'nrf52840dk',
      'openocd',
      ['-f interface/jlink.cfg -c transport select swd -f target/nrf52.cfg -c program {program.hex} verify reset exit'],
    ],
    [
      'pico2',
      'probe-rs',
      ['download --non-interactive --verify --chip RP235x --binary-format hex program.hex', 'reset --non-interactive --chip RP235x'],
    ],
    ['nucleo-l432kc', 'st-flash', ['--format ihex write program.hex', 'reset']],
  ] as const)('%s by %s', async ([board, tool, expected]) => {
    install(tool);
    expect(await flashTo(board, { via: tool })).toMatchObject({ to: tool, verified: 'tool', started: true });
    expect(calls()).toEqual(expected);
  });

  test('Intel HEX given to a tool holds the program', async () => {
    // The arguments of OpenOCD are commands: the file stands within one.
    install('st-flash');
    await flashTo('nucleo-l432kc', { via: 'st-flash', start: false });
    expect(calls()).toEqual(['--format ihex write program.hex']);
    expect(readIntelHex(readFileSync(join(folder, 'given.hex'), 'utf8'), 'x')).toEqual([{ address: 0x08000000, content: program }]);
  });

  test('an ESP is flashed by segments, at addresses of its flash chip', async () => {
    install('openocd');
    install('probe-rs');
    await flashTo('esp32-c3-devkitm-1', { via: 'openocd', address: 0x10000 });
    await flashTo('esp32-c3-devkitm-1', { via: 'probe-rs', address: 0x10000 });
    expect(calls()).toEqual([
      '-f board/esp32c3-builtin.cfg -c program_esp {segment-0.bin} 0x10000 verify reset exit',
      'download --non-interactive --verify --chip esp32c3 --binary-format bin --base-address 0x10000 segment-0.bin',
      'reset --non-interactive --chip esp32c3',
    ]);
  });

  test('pyocd and dfu-util read back, and whittle compares', async () => {
    const read = (wanted: string) =>
      `case "$*" in ${wanted}) for word; do last=$word; done; last=\${last#*'"'}; cp ${folder}/program.bin "\${last%'"'}";; esac`;
    install('pyocd', read('*savemem*'));
    install('dfu-util', read('*-U*'));
    expect(await flashTo('microbit-v2', { via: 'pyocd' })).toMatchObject({ verified: 'read back' });
    expect(await flashTo('nucleo-u575zi-q', { via: 'dfu' })).toMatchObject({ to: 'dfu-util', verified: 'read back' });
    expect(calls()).toEqual([
      'load -t nrf52833 --no-reset --format hex program.hex',
      'commander -t nrf52833 -c savemem 0x0 700 "read-back-0.bin"',
      'reset -t nrf52833',
      '-d 0483:df11 -a 0 -s 0x8000000 -D segment-0.bin',
      '-d 0483:df11 -a 0 -s 0x8000000:700 -U read-back-0.bin',
      '-d 0483:df11 -a 0 -s 0x8000000:leave -D segment-0.bin',
    ]);
  });

  test('every board with a debug probe has a tool that knows it', async () => {
    for (const name of ['openocd', 'probe-rs', 'pyocd', 'st-flash']) install(name);
    const probed = boards.filter(({ flashers }) => flashers.some(({ kind }) => kind === 'probe'));
    expect(probed.length).toBeGreaterThan(10);
    for (const { name } of probed)
      expect(await flashTo(name, { via: 'probe', address: boardAddress(name) })).toMatchObject({ via: 'probe' });
  });

  const boardAddress = (name: string) => (name.startsWith('esp32') ? 0 : boardNamed(name).flash.origin);
});

describe('failures', () => {
  test("a tool's words are quoted, with what to do", async () => {
    install('openocd', 'echo "Error: open failed" >&2; exit 1');
    await expect(flashTo('nucleo-f446re', { via: 'probe' })).rejects.toMatchObject({
      exitCode: 7,
      message: expect.stringMatching(
        /openocd failed \(exit code 1\); it said:\nError: open failed\nconnect the debug probe of the ST Nucleo-F446RE/,
      ),
    });
  });

  test.runIf(process.platform === 'linux')('a probe that may not be used: the line that allows it', async () => {
    install('openocd', 'echo "Error: libusb_open() failed with LIBUSB_ERROR_ACCESS" >&2; exit 1');
    await expect(flashTo('nucleo-f446re', { via: 'openocd' })).rejects.toThrow(/type: echo 'SUBSYSTEM=="usb", ATTR\{idVendor\}=="0483"/);
  });

  test('what is read back is compared, with the address', async () => {
    install('dfu-util', `case "$*" in *-U*) for word; do last=$word; done; head -c 600 ${folder}/program.bin > "$last"; esac`);
    const error = `dfu-util: verification failed at 0x08000258: expected ${program[600]}, the flash holds nothing`;
    await expect(flashTo('nucleo-u575zi-q', { via: 'dfu-util' })).rejects.toThrow(error);
  });

  test('no tool: the lines that install one', async () => {
    vi.stubEnv('PATH', join(folder, 'bin'));
    await expect(flashTo('nucleo-f446re', { via: 'dfu' })).rejects.toThrow(
      /no dfu-util found; install it \(Debian, Ubuntu: apt-get install dfu-util\)/,
    );
    await expect(flashTo('nucleo-f446re', { via: 'probe' })).rejects.toMatchObject({
      exitCode: 6,
      message: expect.stringMatching(/openocd: .*apt-get install openocd\n.*probe-rs: .*st-flash: /s),
    });
    await expect(flashTo('pico2', { via: 'pyocd' })).rejects.toThrow(/not known how it flashes a pico2; known are openocd, probe-rs/);
  });

  test('nothing plugged in and nothing installed: every way is named', async () => {
    vi.stubEnv('PATH', join(folder, 'bin'));
    await expect(flashTo('nucleo-f446re')).rejects.toThrow(
      /probe: connect the debug probe.*stm32-uart: .*BOOT0.*; then --port PORT.*dfu: /s,
    );
  });

  test('Ctrl-C is passed on to the tool, and says what that may leave', async () => {
    install('openocd', `trap 'exit 0' INT; touch ${folder}/running; while :; do sleep 0.05; done`);
    const abort = new AbortController();
    const done = flashTo('nucleo-f446re', { via: 'probe', signal: abort.signal });
    const checked = expect(done).rejects.toMatchObject({ exitCode: 130, message: expect.stringMatching(/may be half written/) });
    await vi.waitFor(() => readFileSync(join(folder, 'running')), 5000);
    abort.abort();
    await checked;
  });
});
