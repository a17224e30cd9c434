import type { Actor } from '../access/actor.ts'
import { consumeLink, createLink, linkUrl, linkValidHours, voidLinks } from '../account-links/links.ts'
import { type Actor as AuditActor, account as entity, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { requireStrongSignIn } from '../auth/sessions.ts'
import { restoreTraces, storeTraces } from '../auth/traces.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import { findStanding, lockAddress, updateEmail } from './queries.ts'

/** The most unused links to one address, of all accounts. */
const maxPending = 3
/** The links to an address that become void when the account gives it up. */
export const linksOfAnAddress = ['verify-email', 'reset-password', 'confirm-email'] as const

/**
 * Requests a change of address: mails a link to the new address, and a notice to the old one. Where another account has
 * the address, or gave it up within 7 days, its owner is notified instead, with the same answer and the same work.
 * Above the bound of links none is made.
 * @param passwordVersion of the password that was given with the request and found right, where one was
 * @throws AppError as requireStrongSignIn; `validation-failed` for the own address
 */
export async function requestEmailChange(
  deps: AuthDeps,
  actor: Actor,
  newEmail: string,
  passwordVersion?: number,
): Promise<void> {
  const { principal } = actor
  const { accountId } = principal
  await deps.sql.begin(async (tx) => {
    await requireStrongSignIn(tx, principal, passwordVersion)
    await lockAddress(tx, newEmail)
    const own = await findStanding(tx, accountId, newEmail)
    if (!own) throw new AppError('account-disabled')
    if (own.email === newEmail) throw invalid('newEmail', 'The account has this address.', 'unchanged')
    if (own.pending >= maxPending) return
    const kind = 'confirm-email'
    // Also made for an address that is taken: it counts, and nobody gets its token.
    const token = await createLink(tx, { accountId, kind, email: newEmail })
    if (token === null) return
    await deps.audit.record(tx, actor, 'email.request_change', entity(accountId), { after: { email: newEmail } })
    await deps.mail.notify(tx, accountId, 'email-change-requested', { newEmail })
    // One statement for both cases, which differ only in its values.
    const isTaken = own.ownerId !== null
    const notice = deps.mail.noticePart(tx, [own.ownerId ?? accountId, 'email-change-taken', {}], tx`${isTaken}`)
    const message = {
      accountId,
      to: newEmail,
      language: own.language,
      template: kind,
      data: { validHours: linkValidHours(kind) },
      link: linkUrl(deps.config.appUrl, kind, token),
    } as const
    await tx`with ${notice}, ${deps.mail.mailPart(tx, message, tx`${!isTaken}`)} select 1`
  })
}

/**
 * Changes an account's address by the link that was mailed to the new one. The old address gets a link that undoes it
 * within 7 days, and is reserved until then; other links to it become void.
 * @throws AppError `invalid-link`, also where another account took the address meanwhile
 */
export async function confirmEmailChange(
  deps: AuthDeps,
  actor: AuditActor<null, Origin>,
  token: string,
): Promise<void> {
  await withFreeAddress(deps, async (tx) => {
    const { accountId, email, account } = await consumeLink(tx, 'confirm-email', token)
    if (account.status !== 'active' || account.email === null || account.email === email)
      throw new AppError('invalid-link')
    const kind = 'undo-email'
    const data = { verified: account.emailVerified, role: account.role }
    const undo = await createLink(tx, { accountId, kind, email: account.email, data })
    if (undo === null) throw new Error('links that undo a change are not counted')
    await moveAddress(tx, deps, accountId, account.email, email)
    const details = { undoDays: linkValidHours(kind) / 24 }
    const values = { before: { email: account.email }, after: { email } }
    await deps.audit.record(tx, actor, 'email.change', entity(accountId), { details, ...values })
    await deps.mail.sendMail(tx, {
      accountId,
      to: account.email,
      language: account.language,
      template: kind,
      data: { validHours: linkValidHours(kind), newEmail: email },
      link: linkUrl(deps.config.appUrl, kind, undo),
    })
    await deps.mail.notify(tx, accountId, 'email-changed', { oldEmail: account.email })
  })
}

/**
 * Moves an account to another address: writes the traces of the old one, voids its links, and restores traces of the
 * new one.
 */
export async function moveAddress(
  tx: Tx,
  deps: Pick<AuthDeps, 'traceKeys'>,
  accountId: string,
  from: string,
  to: string,
): Promise<void> {
  await voidLinks(tx, accountId, linksOfAnAddress)
  await storeTraces(tx, accountId, deps.traceKeys(from)[0])
  await updateEmail(tx, accountId, to)
  await restoreTraces(tx, accountId, deps.traceKeys(to))
}

/** Runs `work` in a transaction. @throws AppError `invalid-link` where the unique constraint refuses the address */
export async function withFreeAddress(deps: AuthDeps, work: (tx: Tx) => Promise<void>): Promise<void> {
  try {
    await deps.sql.begin(work)
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('invalid-link', { cause: error })
    throw error
  }
}
