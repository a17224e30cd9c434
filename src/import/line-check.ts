import type { FieldError } from '../errors/app-error.ts'
import { errorsOf, type NewAccount, unknownRole } from './accounts.ts'
import type { BatchOutcome } from './batch.ts'

export type LineCheckOptions = {
  isDryRun: boolean
  /** Whether a line whose address already has an account is skipped or refused. */
  onConflict: 'skip' | 'fail'
}

/**
 * Turns the database's outcome of each line of a file, in order, into the errors of that line. It keeps a hash of every
 * address, because the second of two lines with one address is refused, in a dry run too.
 */
export function createLineCheck({ isDryRun, onConflict }: LineCheckOptions) {
  const lineOf = new Map<number, number>()

  function checkTaken(line: number, { email }: NewAccount, isTaken: boolean): FieldError[] {
    const hash = Number(Bun.hash.wyhash(email) & 0x1fffffffffffffn)
    const earlier = lineOf.get(hash)
    // A dry run is rolled back, so only the earlier line shows the conflict there.
    if (earlier !== undefined && (isTaken || isDryRun))
      return [wrong('email', `Line ${earlier} has this address, too.`, 'duplicate-address')]
    lineOf.set(hash, line)
    return isTaken && onConflict === 'fail'
      ? [wrong('email', 'An account has this address already.', 'email-taken')]
      : []
  }

  return (line: number, account: NewAccount, outcome: BatchOutcome): FieldError[] => {
    switch (outcome) {
      case 'inserted':
      case 'taken':
        return checkTaken(line, account, outcome === 'taken')
      case 'created-ahead':
        return [wrong('createdAt', 'Send a moment that has been.')]
      case 'plan-over':
        return [wrong('planEndsAt', 'Choose a moment that lies ahead.')]
      case 'reserved':
        return [
          wrong('email', 'The account that had this address until a few days ago may take it back.', 'email-taken'),
        ]
      case 'role-gone':
        return errorsOf(unknownRole(account.role))
      default: {
        const missing: never = outcome
        throw new Error(`unknown outcome ${missing}`)
      }
    }
  }
}

function wrong(path: string, message: string, code = 'invalid'): FieldError {
  return { path, message, code }
}
