/** Before the tests: the Debian packages they drive. Installs what is missing when it may, else stops with the line to type. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Program, or a file of it, → Debian package. */
const tools = {
  chromium: 'chromium',
  'firefox-esr': 'firefox-esr',
  WebKitWebDriver: 'webkit2gtk-driver',
  'xvfb-run': 'xvfb',
  adb: 'adb',
  'g++': 'g++',
  cmake: 'cmake',
  'arm-none-eabi-gcc': 'gcc-arm-none-eabi',
  '/usr/lib/arm-none-eabi/newlib': 'libnewlib-arm-none-eabi',
  'riscv64-unknown-elf-gcc': 'gcc-riscv64-unknown-elf',
  '/usr/lib/picolibc/riscv64-unknown-elf': 'picolibc-riscv64-unknown-elf',
  'xtensa-lx106-elf-gcc': 'gcc-xtensa-lx106',
  '/usr/include/simde/wasm/simd128.h': 'libsimde-dev',
  'qemu-system-arm': 'qemu-system-arm',
  'qemu-system-riscv32': 'qemu-system-misc',
  'qemu-system-xtensa': 'qemu-system-misc',
  'qemu-aarch64': 'qemu-user',
  '/usr/aarch64-linux-gnu/lib/libstdc++.so.6': 'libstdc++6-arm64-cross',
  '/usr/aarch64-linux-gnu/lib/libatomic.so.1': 'libatomic1-arm64-cross',
  stm32flash: 'stm32flash',
  openssl: 'openssl',
};

const runs = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const isPresent = (name) => (name.startsWith('/') ? existsSync(name) : runs('sh', '-c', `command -v ${name}`));
const missing = Object.entries(tools)
  .filter(([name]) => !isPresent(name))
  .map(([, debianPackage]) => debianPackage);

if (missing.length) {
  const line = `apt-get update && apt-get install -y ${missing.join(' ')}`;
  const prefix = process.getuid?.() === 0 ? '' : runs('sudo', '-n', 'true') ? 'sudo -n ' : undefined;
  if (prefix === undefined || !runs('sh', '-c', 'command -v apt-get')) {
    console.error(`The tests need ${missing.join(', ')}. Install, then run again:\n\n    sudo sh -c '${line}'\n`);
    process.exit(1);
  }
  console.log(`installing ${missing.join(', ')} …`);
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  for (const args of [['update'], ['install', '-y', ...missing]]) {
    if (spawnSync('sh', ['-c', `${prefix}apt-get ${args.join(' ')}`], options).status !== 0) {
      console.error(`apt-get ${args[0]} failed; type by hand: sudo sh -c '${line}'`);
      process.exit(1);
    }
  }
}
