/** The address of this machine that a phone in the same network reaches. */
import { networkInterfaces } from 'node:os';
import { DeviceError } from '../../compiler/errors.ts';

/** Networks that live on this machine only: containers, virtual machines, tunnels. */
const inner = /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|cni|flannel|utun|tun|tap|awdl|llw|zt|tailscale|wg)/;

/** Home and office networks first (RFC 1918), then what is left. */
function rank(address: string): number {
  if (address.startsWith('192.168.')) return 0;
  if (address.startsWith('10.')) return 1;
  return /^172\.(1[6-9]|2\d|3[01])\./.test(address) ? 2 : 3;
}

/** @throws DeviceError when this machine is in no network. */
export function lanAddress(interfaces = networkInterfaces()): string {
  const addresses = Object.entries(interfaces)
    .filter(([name]) => !inner.test(name))
    .flatMap(([, list]) => list ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'))
    .map(({ address }) => address)
    .sort((a, b) => rank(a) - rank(b));
  if (!addresses[0])
    throw new DeviceError(
      'this machine is in no network that a phone could share; join one, or name the address that phones reach with --host (or WHITTLE_HOST)',
    );
  return addresses[0];
}
