import type { FieldError } from '../errors/app-error.ts'
import { errorsOf, type NewAccount, unknownRole } from './accounts.ts'
import type { BatchOutcome } from './batch.ts'

export type JudgementOptions = {
  isDryRun: boolean
  /** What becomes of a line whose address has an account already: nothing, or it is refused. */
  onConflict: 'skip' | 'fail'
}

/**
 * Judges the lines of one file, in their order, by what the database said of them: why a line is refused, or nothing. It keeps a few
 * bytes of every address, for of two lines with one address the second is refused, in whichever run.
 */
export function createJudge({ isDryRun, onConflict }: JudgementOptions) {
  const lineOf = new Map<number, number>()

  function judgeTaken(line: number, { email }: NewAccount, isTaken: boolean): FieldError[] {
    const hash = Number(Bun.hash.wyhash(email) & 0x1fffffffffffffn)
    const earlier = lineOf.get(hash)
    // What a dry run inserted is gone again, so that there an earlier line alone tells.
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
        return judgeTaken(line, account, outcome === 'taken')
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
        throw new Error(`no judgement of ${missing}`)
      }
    }
  }
}

function wrong(path: string, message: string, code = 'invalid'): FieldError {
  return { path, message, code }
}
