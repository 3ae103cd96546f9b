/** A page that can be called, wherever it is: what devices for the web are made of. */
import type { Conditions, Device, DeviceKind, DeviceOptions } from '../device.ts';
import type { PageMethods } from './page-call.ts';
import { WebDevice } from './web-device.ts';

/** Calls a function of page-call.ts in the page. @throws DeviceError when it fails there, or the page is gone. */
export type Call = <Name extends keyof PageMethods>(name: Name, ...parameters: Parameters<PageMethods[Name]>) => Promise<unknown>;

export interface WebHost {
  /** Name of the device. */
  readonly name: string;
  readonly call: Call;
  /** Makes `content` available to the page and returns its address there. */
  serve(name: string, content: Uint8Array | string): string | Promise<string>;
  /** By which a person reaches what is served; absent where nobody can. */
  readonly origin?: string;
  /** Facts about the device that its page cannot know. */
  readonly facts?: Device['environment'];
  /** The same for what may spoil a measurement. */
  conditions?(): Promise<Conditions> | Conditions;
  close(): Promise<void>;
}

/** A kind of device that runs models in web pages. */
export interface WebDeviceKind extends DeviceKind {
  openHost(options: DeviceOptions, argument?: string): Promise<WebHost>;
}

/** @param list what of this kind is here now */
export function webDeviceKind(
  name: string,
  argument: string | undefined,
  openHost: WebDeviceKind['openHost'],
  list?: DeviceKind['list'],
): WebDeviceKind {
  const open = async (options: DeviceOptions, chosen?: string) => {
    const host = await openHost(options, chosen);
    try {
      return await WebDevice.open(host, options);
    } catch (error) {
      await host.close();
      throw error;
    }
  };
  return { name, ...(argument !== undefined && { argument }), open, openHost, ...(list && { list }) };
}

export function isWebDeviceKind(kind: DeviceKind): kind is WebDeviceKind {
  return 'openHost' in kind;
}
