import { resetRole } from '../access/hierarchy.ts'
import {
  type ConsumedLink,
  consumeLink,
  createLink,
  linkUrl,
  linkValidHours,
  voidLinks,
} from '../account-links/links.ts'
import { type Actor, account as entity, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { linksOfAnAddress, moveAddress, withFreeAddress } from './email-change.ts'
import { deleteCounters, markVerified } from './queries.ts'
import { removeSignInMethods } from './removal.ts'

/**
 * Restores an address by the link that was mailed to it when it was changed, for the owner of an account that was taken
 * over. Later changes and all links but those of earlier changes become void; the password, API keys and sign-in
 * methods added since are removed; all sessions end. A link for a new password is mailed to the address; with MAIL=off
 * the used link leads there. A lock by an administrator remains (docs/decisions/what-an-undo-restores.md).
 * @throws AppError `invalid-link`
 */
export async function undoEmailChange(deps: AuthDeps, actor: Actor<null, Origin>, token: string): Promise<void> {
  await withFreeAddress(deps, async (tx) => {
    const link = await consumeLink(tx, 'undo-email', token)
    const { accountId, email, account } = link
    const { email: current, language } = account
    if (current === null) throw new AppError('invalid-link')
    if (current === email) {
      await voidLinks(tx, accountId, linksOfAnAddress)
      await markVerified(tx, accountId)
    } else await moveAddress(tx, deps, accountId, current, email)
    const details = await takeBack(tx, link)
    await deleteCounters(tx, [deps.counterKey('email', email), deps.counterKey('password', accountId)])
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'email-undo' })
    const values = { before: { email: current }, after: { email } }
    await deps.audit.record(tx, actor, 'email.undo_change', entity(accountId), { details, ...values })
    if (current !== email)
      await deps.mail.sendMail(tx, { accountId, to: current, language, template: 'email-change-undone', data: {} })
    const kind = 'reset-password'
    const reset = await createLink(tx, { accountId, kind, email, token: deps.mail.isOn ? undefined : token })
    if (reset === null) throw new Error('links for a new password were voided just now')
    await deps.mail.sendMail(tx, {
      accountId,
      to: email,
      language,
      template: kind,
      data: { validHours: linkValidHours(kind), cause: 'undo' },
      link: linkUrl(deps.config.appUrl, kind, reset),
    })
  })
}

/**
 * Removes what an intruder may have added since the change. Where the address was not verified before the change, the
 * account may never have been its owner's: then every sign-in method is removed, and also a role given since, because
 * it was given to somebody at another address.
 * @returns what was removed, for the audit trail
 * @throws AppError `invalid-link` where no superadmin would be left
 */
async function takeBack(tx: Tx, { accountId, data, createdAt, account: { role } }: ConsumedLink) {
  const wasProved = data.verified === true
  const removed = await removeSignInMethods(tx, accountId, wasProved ? createdAt : null)
  if (wasProved || role === data.role) return { removed }
  if (!(await resetRole(tx, accountId))) throw new AppError('invalid-link')
  return { removed, roleTakenBack: role }
}
