/** A serial port in the words of the Web Serial API, as far as esptool-js speaks them. */
import type { PortWire } from '../serial/port.ts';
import type { Port } from '../serial/ports.ts';

interface Signals {
  readonly dataTerminalReady?: boolean;
  readonly requestToSend?: boolean;
}

export class WebSerialPort {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Rejects when the port is gone: esptool-js would wait and try again. */
  readonly lost: Promise<never>;

  /** @param usb identity of the USB device, from which esptool-js knows how the chip is reset */
  constructor(
    private readonly wire: PortWire,
    private readonly usb: Pick<Port, 'vendorId' | 'productId'> = {},
  ) {
    let ended = false;
    let lose: (error: Error) => void = () => {};
    this.lost = new Promise((_, reject) => {
      lose = reject;
    });
    this.lost.catch(() => {});
    this.readable = new ReadableStream({
      start: (controller) => {
        wire.listen(
          (bytes) => {
            if (!ended) controller.enqueue(bytes);
          },
          () => {
            if (!ended) controller.close();
            ended = true;
            lose(new Error('the connection is gone; plug it in again'));
          },
        );
      },
      cancel: () => {
        ended = true;
      },
    });
    this.writable = new WritableStream({ write: (bytes) => wire.write(bytes) });
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    const { vendorId, productId } = this.usb;
    return { ...(vendorId !== undefined && { usbVendorId: vendorId }), ...(productId !== undefined && { usbProductId: productId }) };
  }

  /** The port is open already. */
  async open(): Promise<void> {}

  /** esptool-js asks for it where this exists, instead of opening the port anew. */
  setBaudRate(baudRate: number): Promise<void> {
    return this.wire.setBaud(baudRate);
  }

  setSignals({ dataTerminalReady, requestToSend }: Signals): Promise<void> {
    return this.wire.setLines({
      ...(dataTerminalReady !== undefined && { dtr: dataTerminalReady }),
      ...(requestToSend !== undefined && { rts: requestToSend }),
    });
  }

  close(): Promise<void> {
    return this.wire.close();
  }
}
