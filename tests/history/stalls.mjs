// Notes when this program itself does not run, because then its measurements are wrong by as much.

const STALL = 50; // ms
const NAP = 10; // ms

// Records { type: 'stall', at, took } until the function that it returns is called.
export function watchStalls(record) {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > STALL + NAP) record({ type: 'stall', at: now, took: now - last - NAP });
    last = now;
  }, NAP);
  return () => clearInterval(timer);
}
