// Signals of the operating system that ask this process to stop. The first asks, the second insists.
// It decides nothing about how to stop and never exits by itself.

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

const stopSignals: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

export interface StopSignalCalls {
  readonly first: (signal: StopSignal) => void;
  readonly again: (signal: StopSignal) => void;
}

/** Calls until the returned function is called. Also keeps the signals' default action, sudden death, away. */
export function onStopSignals(calls: StopSignalCalls): () => void {
  let asked = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    const stop = stopSignals.find((each) => each === signal);
    if (stop === undefined) return;
    if (asked) return calls.again(stop);
    asked = true;
    calls.first(stop);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return () => {
    for (const signal of stopSignals) process.off(signal, onSignal);
  };
}
