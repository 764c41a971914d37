// Limits how long the page waits. The service ends every answer within its REQUEST_TIMEOUT; an answer that is still
// missing some time later is lost, because the process is frozen or the network is dead.

const ON_THE_WAY_MS = 3000;

// The limit for a request that may take as long as `answers` answers in a row.
export function limitMs(answers = 1) {
  return answers * Number(document.body.dataset.requestTimeout) + ON_THE_WAY_MS;
}

// A signal that aborts after `ms` or together with `outer`, whichever is first; `late` tells which. Call end() when the
// wait is over. (AbortSignal.any() with .timeout() does the same, but browsers have them only since 2023.)
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
