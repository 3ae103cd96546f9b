/** What this machine knows of itself, for the devices that run on it. */
import { cpus, loadavg } from 'node:os';
import type { Conditions, Device } from './device.ts';

export function machineFacts(): Device['environment'] {
  const cores = cpus();
  return {
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    loadAverage: Number((loadavg()[0] as number).toFixed(2)),
  };
}

export function machineConditions(): Conditions {
  const cores = cpus();
  const busyMs = cores.reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  return { cpuBusySeconds: busyMs / 1000, cpuCores: cores.length };
}
