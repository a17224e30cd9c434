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
 * Brings an address back, by the link that it got when it was changed: for somebody whose account was taken over. Later changes
 * and all links but those of earlier changes are void; the password, API keys and every way to sign in that was added since
 * are removed; all sessions end. A link for a new password goes to the address; with MAIL=off the link that was used now leads on
 * to it. A lock by an administrator stays (docs/decisions/what-an-undo-restores.md).
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
 * Takes away what whoever was in the account since the change may have planted. Who had not proved the address before it may
 * have been anybody: then nothing that opens the account stays, and no role that was given since, for that was given to somebody
 * at another address.
 * @returns what was, for the trail
 * @throws AppError `invalid-link` where that would leave the service without a superadmin
 */
async function takeBack(tx: Tx, { accountId, data, createdAt, account: { role } }: ConsumedLink) {
  const wasProved = data.verified === true
  const removed = await removeSignInMethods(tx, accountId, wasProved ? createdAt : null)
  if (wasProved || role === data.role) return { removed }
  if (!(await resetRole(tx, accountId))) throw new AppError('invalid-link')
  return { removed, roleTakenBack: role }
}
