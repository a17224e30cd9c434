import type { Actor } from '../access/actor.ts'
import { consumeLink, createLink, linkUrl, linkValidHours, voidLinks } from '../account-links/links.ts'
import { type Actor as AuditActor, account as entity, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { requireStrongSignIn } from '../auth/sessions.ts'
import { leaveTraces, restoreTraces } from '../auth/traces.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import { findStanding, lockAddress, updateEmail } from './queries.ts'

/** Links to one address that wait to be used, whoever asked for them. */
const maxPending = 3
/** What an address that is given up must open no more. */
export const linksOfAnAddress = ['verify-email', 'reset-password', 'confirm-email'] as const

/**
 * Asks for another address: a link goes there, and the old one is told. Where somebody has that address, or gave it up within
 * 7 days, they are told instead, and the answer and the work are the same. Over the bound of mails nothing is made.
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
    // Made for an address that is taken, too: it counts, and nobody gets its token.
    const token = await createLink(tx, { accountId, kind, email: newEmail })
    if (token === null) return
    await deps.audit.record(tx, actor, 'email.request_change', entity(accountId), { after: { email: newEmail } })
    await deps.mail.notify(tx, accountId, 'email-change-requested', { newEmail })
    // One statement for both: whether the address is taken stands in its values alone.
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
 * Gives the account the address whose mailbox the link came from. The old one gets a link that undoes it for 7 days, and stays
 * reserved so long; links that lead to it open nothing any more.
 * @throws AppError `invalid-link`, also where somebody took the address meanwhile
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

/** The account gives one address up, with what it used up under it, and takes another; links of the old one are void. */
export async function moveAddress(
  tx: Tx,
  deps: Pick<AuthDeps, 'traceKeys'>,
  accountId: string,
  from: string,
  to: string,
): Promise<void> {
  await voidLinks(tx, accountId, linksOfAnAddress)
  await leaveTraces(tx, accountId, deps.traceKeys(from)[0])
  await updateEmail(tx, accountId, to)
  await restoreTraces(tx, accountId, deps.traceKeys(to))
}

/** @throws AppError `invalid-link` where the database says that somebody else has the address */
export async function withFreeAddress(deps: AuthDeps, work: (tx: Tx) => Promise<void>): Promise<void> {
  try {
    await deps.sql.begin(work)
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('invalid-link', { cause: error })
    throw error
  }
}
