// How long the page waits. The service ends every answer within its REQUEST_TIMEOUT; what is not here a while after that
// is not late, but lost: a frozen process, a dead network.

const ON_THE_WAY_MS = 3000;

// For something that may take `answers` times what one answer may.
export function limitMs(answers = 1) {
  return answers * Number(document.body.dataset.requestTimeout) + ON_THE_WAY_MS;
}

// A signal that comes after `ms`, or with `outer` if that comes first (AbortSignal.any() and .timeout() together, which
// browsers have only since 2023). `late` says which it was. `end()` once nothing is waited for.
export function patience(ms, outer) {
  const controller = new AbortController();
  const result = { signal: controller.signal, late: false, end };
  const timer = setTimeout(() => {
    result.late = true;
    controller.abort();
  }, ms);
  const stop = () => controller.abort();
  function end() {
    clearTimeout(timer);
    outer?.removeEventListener('abort', stop);
  }
  if (outer?.aborted) stop();
  outer?.addEventListener('abort', stop);
  return result;
}
