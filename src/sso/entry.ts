import type { Origin } from '../audit/actor.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Presented } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import type { Standing } from './queries.ts'

/** One exchange: the code and the request's origin. */
export type Entry = {
  presented: Presented
  origin: Origin
  /** From `X-Device-Token`. */
  deviceToken: string | undefined
}

/** The account or identity changed between the decision and the write: the transaction is rolled back, and the exchange decided again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = 'ChangedMeanwhileError'
}

/** Whether to decide again: also where the address of a new account was registered meanwhile. */
export const hasChangedMeanwhile = (error: unknown): boolean =>
  error instanceof ChangedMeanwhileError || isUniqueViolation(error, 'user_accounts_email_key')

/** The id of the request's device, if it signed in to the account before; null: a new device. */
export function knownDevice(deps: SsoDeps, { deviceToken }: Entry, { id, passwordVersion }: Standing): string | null {
  const device = deps.deviceTokens.read(deviceToken)
  return device?.accountId === id && device.passwordVersion === passwordVersion ? device.deviceId : null
}
