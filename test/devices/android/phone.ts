/** What stands behind the emulated phone: a real Chromium as its browser, and what its shell answers. */
import { findChromium } from '../../../devices/browser/chromium.ts';
import { Child } from '../../../devices/child-process.ts';
import type { FakePhoneOptions } from './fake-phone.ts';

/** Chromium with a DevTools port, as the phone's browser. */
export class PhoneChromium {
  private constructor(
    private readonly child: Child,
    readonly port: number,
  ) {}

  static async start(): Promise<PhoneChromium> {
    const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-port=0'];
    const child = Child.start((folder) => [findChromium(), ...flags, `--user-data-dir=${folder}`, 'about:blank']);
    const [, port] = await child.waitForOutput(/DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)/, 'Chromium');
    return new PhoneChromium(child, Number(port));
  }

  async pages(): Promise<string[]> {
    const targets = (await (await fetch(`http://127.0.0.1:${this.port}/json/list`)).json()) as { type: string; url: string }[];
    return targets.filter(({ type }) => type === 'page').map(({ url }) => url);
  }

  close(): Promise<void> {
    return this.child.kill();
  }
}

const facts: Readonly<Record<string, string>> = {
  'getprop ro.product.manufacturer': 'Google\n',
  'getprop ro.product.model': 'Pixel 8\n',
  'getprop ro.build.version.release': '14\n',
  'getprop ro.soc.model': 'Tensor G3\n',
  'cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'schedutil\n',
  'cat /sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq': '1704000\n1704000\n2367000\n2914000\n',
  'dumpsys thermalservice': 'IsStatusOverride: false\nThermalEventListeners:\n\tcallbacks: 1\nThermal Status: 1\nCached temperatures:\n',
  'dumpsys battery':
    'Current Battery Service state:\n  AC powered: false\n  USB powered: true\n  level: 83\n  scale: 100\n  voltage: 4200\n  temperature: 314\n',
  'settings get global low_power': '0\n',
  'settings get global stay_on_while_plugged_in': '2\n',
  'cat /proc/stat': 'cpu  1000 20 300 90000 40 5 6 0 0 0\ncpu0 500 10 150 45000 20 3 3 0 0 0\ncpu1 500 10 150 45000 20 2 3 0 0 0\nintr 1\n',
};

/** A phone's shell: its facts, which apps it has, and which of them show pages; writes down what it was told. */
export function shell(apps: readonly string[], sockets: readonly string[], told: string[] = []): FakePhoneOptions['shell'] {
  const unix = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    ...['jdwp-control', ...sockets].map((name) => `0: 00000002 00000000 00010000 0001 01 3019 @${name}`),
  ];
  return (command) => {
    told.push(command);
    if (command === 'cat /proc/net/unix') return `${unix.join('\n')}\n`;
    const [, app] = /^monkey -p (\S+)/.exec(command) ?? [];
    if (app !== undefined) return apps.includes(app) ? 'Events injected: 1\n' : '** No activities found to run, monkey aborted.\n';
    const [, pid] = /^cat \/proc\/(\d+)\/cmdline$/.exec(command) ?? [];
    if (pid !== undefined) return `com.example.app${pid}\0\0`;
    return facts[command] ?? (/^(svc|input|wm|settings put|settings delete) /.test(command) ? '' : undefined);
  };
}
