/** Lets other events in (signals, messages) between pieces of long work; browsers have no setImmediate. */
export function pause(): Promise<void> {
  return new Promise((resolve) => (typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve)));
}
