/** Device serial on a real pseudo-terminal, with an emulated board at its other end. */
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPackedModel } from '../../../compiler/packed/read.ts';
import type { Device } from '../../../devices/device.ts';
import { openDevice } from '../../../devices/index.ts';
import { Machine } from '../../../devices/qemu/machine.ts';
import { buildFirmware } from '../../../devices/serial/firmware-build.ts';
import type { Board, Qemu } from '../../../targets/boards/board.ts';
import { boardNamed } from '../../../targets/boards/index.ts';
import { requireTool } from '../../require-tool.ts';
import { smallModel } from '../../small-model.ts';

describe.skipIf(!requireTool('qemu-system-arm') || !requireTool('arm-none-eabi-gcc'))('device serial', () => {
  const model = smallModel();
  let machine: Machine;

  beforeAll(async () => {
    const board = boardNamed('mps2-an386') as Board & { readonly qemu: Qemu };
    const { elf } = await buildFirmware(board, readPackedModel(model).opcodes);
    machine = await Machine.start(board, { elf });
  });
  afterAll(() => machine?.kill());

  const using = async (work: (device: Device) => Promise<void>) => {
    const device = await openDevice(`serial:${machine.port}`);
    try {
      await work(device);
    } finally {
      await device.close();
    }
  };

  test('uploads a model once, runs it and times it on its own clock', async () => {
    const input = new Uint8Array(Float32Array.from({ length: 108 }, (_, i) => Math.sin(i)).buffer);
    const host = await openDevice('node');
    await host.deploy({ model });
    const expected = await host.infer([input]);
    let uploadUs = 0;
    await using(async (device) => {
      const deployed = await device.deploy({ model });
      uploadUs = deployed.loadUs;
      expect(deployed.firstUs).toBeGreaterThan(0);
      expect(await device.infer([input])).toEqual(expected);
      expect(await device.clock()).toMatchObject({ name: 'SysTick', counts: 'time', ticksPerSecond: 25e6 });
      const [once, thrice] = [await device.time(1), await device.time(3)];
      expect(thrice / once).toBeCloseTo(3, 1);
      expect(device.environment).toMatchObject({ board: 'mps2-an386', core: 'cortex-m4' });
    });
    await using(async (device) => {
      const again = await device.deploy({ model });
      expect(again.loadUs).toBeLessThan(uploadUs);
      expect(await device.infer([input])).toEqual(expected);
    });
  });

  test('a port that another program holds is named, with how to find that program', async () => {
    await using(async () => {
      await expect(openDevice(`serial:${machine.port}`)).rejects.toThrow(/another program has the port open.*fuser/);
    });
  });

  test('a port that another program only looks at is waited for', async () => {
    let opened: Promise<void> | undefined;
    await using(async () => {
      opened = using(async (device) => {
        await device.deploy({ model });
        expect(device.environment).toMatchObject({ board: 'mps2-an386' });
      });
      // It has been asked for, and was busy, before it is let go.
      await wait(200);
    });
    await opened;
  });

  test('the board that is named must be there', async () => {
    const open = (board: string) => openDevice(`serial:${machine.port}`, { board });
    await (await open('mps2-an386')).close();
    await expect(open('microbit')).rejects.toThrow(/this is a mps2-an386, not a microbit; whittle devices lists/);
    await expect(open('nothing')).rejects.toThrow(/--board nothing: unknown board; known are/);
    await expect(openDevice('node', { board: 'microbit' })).rejects.toThrow(/--on node: --board is for boards on a serial port/);
  });

  test('a port that does not exist, one that is no port, and one where nobody answers', async () => {
    await expect(openDevice('serial:/dev/ttyNONE')).rejects.toThrow(/there is no such port; whittle devices/);
    await expect(openDevice('serial:')).rejects.toThrow(/whittle devices/);
    // A pseudo-terminal whose other end is silent.
    const silent = spawn('python3', ['-c', 'import pty,os,sys,time; m,s=pty.openpty(); print(os.ttyname(s),flush=True); sys.stdin.read()']);
    const path = await new Promise<string>((resolve) => silent.stdout.once('data', (data) => resolve(String(data).trim())));
    await expect(openDevice(`serial:${path}`, { silenceSeconds: 0.3 })).rejects.toThrow(
      /has not answered for 0.3 s; is the firmware monitor flashed/,
    );
    silent.stdin.end();
  });
});
