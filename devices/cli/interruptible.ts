/** Ctrl-C where ending at once would leave a device in a state that nobody knows. */

/** The first Ctrl-C aborts the signal, and the work ends where it can say what it leaves; the second ends whittle at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const others = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT');
  const abort = new AbortController();
  const stop = () => {
    if (abort.signal.aborted) process.exit(130);
    abort.abort();
  };
  process.on('SIGINT', stop);
  try {
    return await work(abort.signal);
  } finally {
    process.off('SIGINT', stop);
    for (const other of others) process.on('SIGINT', other);
  }
}
