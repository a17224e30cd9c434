import { lockForAuthorisation } from '../access/hierarchy.ts'
import type { LockedAccount } from '../access/hierarchy-queries.ts'
import { account, operator } from '../audit/actor.ts'
import type { Job } from '../db/job.ts'
import type { Tx } from '../db/types.ts'
import { type ErasureDeps, eraseInactive } from './erasure.ts'
import { findLanguage } from './erasure-queries.ts'
import {
  countErasedInDay,
  deleteVoidNotices,
  type InactiveAccount,
  listInactive,
  recordErased,
  recordNotice,
  recordSentNotices,
} from './inactivity-queries.ts'
import type { AccountConfig } from './variables.ts'

/** Dependencies of the job for inactive accounts. */
export type InactivityDeps = ErasureDeps & { config: AccountConfig }

/** The most accounts of one transaction. */
const batch = 20

/** The most accounts that are erased within 24 hours. */
const maxErasedPerDay = 1_000

/** The job that notifies, and then erases, accounts unused for `INACTIVE_ACCOUNT_DAYS`; none where that is off. */
export function inactivityJobs(deps: InactivityDeps): Job[] {
  const days = deps.config.inactiveAccountDays
  if (days === null) return []
  return [
    {
      name: 'erase-inactive',
      everySeconds: 3_600,
      slow: true,
      batch,
      work: async (tx) => ({ result: await treatInactive(tx, deps, days) }),
    },
  ]
}

/** Notifies or erases one batch. @returns how many accounts were found: a full batch means that there may be more */
async function treatInactive(tx: Tx, deps: InactivityDeps, days: number): Promise<number> {
  await recordSentNotices(tx)
  await deleteVoidNotices(tx)
  // The job's lock lets one instance run at a time, so the count cannot change meanwhile.
  const left = maxErasedPerDay - (await countErasedInDay(tx))
  const found = await listInactive(tx, days, { ids: null, mayErase: left > 0, limit: batch })
  const ids = found.map(({ id }) => id)
  const locked = new Map((await lockForAuthorisation(tx, ids)).map((target) => [target.id, target]))
  let erased = 0
  // Read again under the lock: an account may have been used meanwhile.
  for (const inactive of await listInactive(tx, days, { ids, mayErase: left > 0, limit: batch })) {
    const target = locked.get(inactive.id)
    if (!target) continue
    if (inactive.step !== 'erase') await warn(tx, deps, target, inactive)
    else if (erased < left) {
      await eraseInactive(tx, deps, target)
      erased += 1
    }
  }
  if (erased > 0) await recordErased(tx, erased)
  return found.length
}

async function warn(tx: Tx, deps: InactivityDeps, target: LockedAccount, inactive: InactiveAccount): Promise<void> {
  if (target.email === null) return
  const lastNotice = inactive.step === 'last'
  const data = { lastNotice, eraseAt: inactive.eraseAt.toISOString() }
  const language = await findLanguage(tx, target.id)
  const mail = { accountId: target.id, to: target.email, language, template: 'inactive-account', data } as const
  await deps.mail.sendMail(tx, mail)
  await recordNotice(tx, inactive)
  await deps.audit.record(tx, operator, 'account.inactivity_notice', account(target.id), { details: { lastNotice } })
}
