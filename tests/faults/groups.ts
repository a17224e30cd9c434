/** Cases of a file of their own, so that two files run at once; every other is in database.test.ts. */
export const aroundTheDatabase: ReadonlySet<string> = new Set([
  'redis-lost',
  'clock-stepped',
  'mail-failing',
  'payments-failing',
  'receivers-failing',
  'slow-sockets',
  'login-flood',
  'anonymous-flood',
  'rolling-restarts',
])
