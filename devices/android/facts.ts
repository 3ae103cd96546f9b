/** What a phone tells of itself over adb: what it is, and what may spoil a measurement. */
import type { Conditions, Device } from '../device.ts';

const MARK = '--whittle--';

/** One shell command for several, so that asking takes little time of the phone. */
function joined(commands: readonly string[]): string {
  return commands.map((command) => `${command} 2>/dev/null`).join(`; echo ${MARK}; `);
}

const factCommands = {
  manufacturer: 'getprop ro.product.manufacturer',
  model: 'getprop ro.product.model',
  android: 'getprop ro.build.version.release',
  soc: 'getprop ro.soc.model',
  platform: 'getprop ro.board.platform',
  abi: 'getprop ro.product.cpu.abi',
  governor: 'cat /sys/devices/system/cpu/cpu0/cpufreq/scaling_governor',
  maxMHz: 'cat /sys/devices/system/cpu/cpu*/cpufreq/cpuinfo_max_freq',
} as const;

const conditionCommands = {
  thermal: 'dumpsys thermalservice',
  battery: 'dumpsys battery',
  lowPower: 'settings get global low_power',
  cpu: 'cat /proc/stat',
} as const;

type Shell = (command: string) => Promise<string>;

async function answers<Name extends string>(shell: Shell, commands: Readonly<Record<Name, string>>): Promise<Record<Name, string>> {
  const parts = (await shell(joined(Object.values(commands)))).split(MARK);
  return Object.fromEntries(Object.keys(commands).map((name, i) => [name, (parts[i] ?? '').trim()])) as Record<Name, string>;
}

export async function readFacts(shell: Shell): Promise<Device['environment']> {
  const { maxMHz, manufacturer, model, ...rest } = await answers(shell, factCommands);
  // kHz per core; cores of a kind have the same.
  const clocks = maxMHz.split(/\s+/).filter((text) => /^\d+$/.test(text));
  const known: Record<string, string> = { phone: `${manufacturer} ${model}`.trim(), ...rest };
  if (clocks.length) known.maxMHz = clocks.map((text) => Math.round(Number(text) / 1000)).join(' ');
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== ''));
}

function numberIn(text: string, pattern: RegExp): number | undefined {
  const [, digits] = pattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Jiffies of /proc/stat are hundredths of a second on every Android. */
function cpuOf(stat: string): Pick<Conditions, 'cpuBusySeconds' | 'cpuCores'> {
  const total = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(/\s+/).map(Number);
  const cores = stat.match(/^cpu\d+ /gm)?.length;
  if (!total || !cores) return {};
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] = total;
  return { cpuBusySeconds: (user + nice + system + irq + softIrq) / 100, cpuCores: cores };
}

/** What the answers say; what a phone does not tell is absent. */
export function parseConditions({ thermal, battery, lowPower, cpu }: Record<keyof typeof conditionCommands, string>): Conditions {
  const thermalStatus = numberIn(thermal, /Thermal Status: (\d+)/);
  const batteryPercent = numberIn(battery, /^\s*level: (\d+)/m);
  const tenths = numberIn(battery, /^\s*temperature: (-?\d+)/m);
  return {
    ...(thermalStatus !== undefined && { thermalStatus }),
    ...(batteryPercent !== undefined && { batteryPercent, charging: /powered: true/.test(battery) }),
    ...(tenths !== undefined && { temperatureCelsius: tenths / 10 }),
    ...(/^[01]$/.test(lowPower) && { powerSaving: lowPower === '1' }),
    ...cpuOf(cpu),
  };
}

export async function readConditions(shell: Shell): Promise<Conditions> {
  return parseConditions(await answers(shell, conditionCommands));
}
