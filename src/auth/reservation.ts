/**
 * The kinds of lockout counters: by e-mail address, by known device (so that failures of others cannot lock its owner
 * out), and by account for passwords that a signed-in person gives again. Wrong codes of a second factor have counters
 * of their own, by account and by known device.
 */
export const counters = ['email', 'device', 'password', 'code', 'code-device'] as const
export type Counter = (typeof counters)[number]

/** Whether a counter counts wrong codes, which have their own limits. */
export const countsCodes = (counter: Counter): boolean => counter === 'code' || counter === 'code-device'

/**
 * An attempt that was reserved before argon2 runs, so that of 50 concurrent attempts only as many are verified as may
 * fail. An attempt that ends without a result is released; one left by a crash expires after 30 s. The rules and their
 * numbers: sql/functions/lockouts.sql.
 */
export type Reservation = { key: Buffer; attemptId: string; counter: Counter }
