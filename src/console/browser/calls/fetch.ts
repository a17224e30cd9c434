const timeoutMs = 30_000

/** The browser's fetch with an end, without cookies, and past the browser's cache. */
export const timed: typeof fetch = (input, init) =>
  fetch(input, {
    ...init,
    credentials: 'omit',
    cache: 'no-store',
    signal: init?.signal ?? AbortSignal.timeout(timeoutMs),
  })
