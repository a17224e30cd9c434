import type { Origin } from '../audit/actor.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Presented } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import type { Standing } from './queries.ts'

/** One exchange: whose code, and where it comes from. */
export type Entry = {
  presented: Presented
  origin: Origin
  /** From `X-Device-Token`. */
  deviceToken: string | undefined
}

/** Others changed what the code means between judging and writing: the transaction is undone, and the code judged again. */
export class ChangedMeanwhileError extends Error {
  override readonly name = 'ChangedMeanwhileError'
}

/** Whether to judge again: also where somebody took the address of a new account. */
export const hasChangedMeanwhile = (error: unknown): boolean =>
  error instanceof ChangedMeanwhileError || isUniqueViolation(error, 'user_accounts_email_key')

/** The device that the request comes from, where it signed in to the account before; null: a new one. */
export function knownDevice(deps: SsoDeps, { deviceToken }: Entry, { id, passwordVersion }: Standing): string | null {
  const device = deps.deviceTokens.read(deviceToken)
  return device?.accountId === id && device.passwordVersion === passwordVersion ? device.deviceId : null
}
