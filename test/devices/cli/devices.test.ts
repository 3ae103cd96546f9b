import { expect, test } from 'vitest';
import { main } from '../../../compiler/cli/program.ts';
import { devices } from '../../../devices/cli/devices.ts';
import type { FoundDevice } from '../../../devices/device.ts';

async function list(env: NodeJS.ProcessEnv, ...argv: string[]): Promise<{ code: number; stdout: string }> {
  let stdout = '';
  const before = process.env;
  // Without adb: its server would stay when the test has ended.
  process.env = { ...env, WHITTLE_ADB: '/nowhere' };
  try {
    const code = await main(['devices', ...argv], [devices], {
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: () => true },
      env: {},
    });
    return { code, stdout };
  } finally {
    process.env = before;
  }
}

test('lists Node and every emulated board, as text and as one JSON document', async () => {
  const { code, stdout } = await list(process.env, '--json');
  expect(code).toBe(0);
  const { devices: found } = JSON.parse(stdout) as { devices: FoundDevice[] };
  const names = found.map(({ name }) => name);
  expect(names).toContain('node');
  for (const board of ['microbit', 'mps2-an385', 'mps2-an386', 'mps2-an500', 'mps2-an505', 'mps3-an547', 'netduinoplus2', 'virt-rv32'])
    expect(names).toContain(`qemu:${board}`);
  expect((await list(process.env)).stdout).toMatch(/qemu:mps2-an386 +Arm MPS2 AN386 in QEMU \(Cortex-M4\)/);
});

test('says what is missing, and how to get it', async () => {
  const { stdout } = await list({ ...process.env, PATH: '/nowhere' }, '--json');
  const { devices: found } = JSON.parse(stdout) as { devices: FoundDevice[] };
  const board = found.find(({ name }) => name === 'qemu:mps2-an386');
  expect(board?.ready).toBe(false);
  expect(board?.note).toMatch(
    /no QEMU for Arm found.*apt-get install qemu-system-arm.*no arm-none-eabi-gcc found.*apt-get install gcc-arm-none-eabi/,
  );
});
