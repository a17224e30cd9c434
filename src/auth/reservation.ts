/**
 * What failures are counted by: the e-mail address, the known device (so that a stranger cannot lock its owner out), or the
 * account whose signed-in owner is asked for the password again. Wrong codes of a second factor have counters of their own: of
 * the account, and of the known device.
 */
export const counters = ['email', 'device', 'password', 'code', 'code-device'] as const
export type Counter = (typeof counters)[number]

/** Whether a counter counts codes, by rules of their own. */
export const countsCodes = (counter: Counter): boolean => counter === 'code' || counter === 'code-device'

/**
 * An attempt that was reserved before argon2 ran, so that of 50 at once only as many are verified as may fail. An attempt that
 * ends undecided is released; one left by a crash expires. The rules and their numbers: sql/functions/lockouts.sql.
 */
export type Reservation = { key: Buffer; attemptId: string; counter: Counter }
