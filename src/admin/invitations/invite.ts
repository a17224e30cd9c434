import type { Actor } from '../../access/actor.ts'
import { authorise, authoriseOver, requireGrantable, requireHeld } from '../../access/hierarchy.ts'
import { freePlan, roleOnPlan } from '../../access/lapse.ts'
import { createLink, linkUrl, linkValidHours } from '../../account-links/links.ts'
import { account } from '../../audit/actor.ts'
import { restoreTraces } from '../../auth/traces.ts'
import { requirePlan } from '../../billing/views.ts'
import { isUniqueViolation } from '../../db/database.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import { invitationLetter } from '../../recovery/invitation-letter.ts'
import type { AdminDeps } from '../deps.ts'
import { type AdministeredUser, showUser } from '../users/users.ts'
import { findInvitation, findMailbox, insertInvited, renewInvitation } from './queries.ts'
import type { NewUser } from './schemas.ts'

const [permission, permissionForPlans] = ['users.manage', 'subscriptions.manage']

/**
 * Makes an account for somebody who sets the password by the link in the mail, and cannot sign in before. The right to
 * grant role and plan is checked now and again at acceptance; until then the account is on the free plan.
 * @throws AppError `permission-denied`, `privilege-escalation`, `validation-failed` (unknown role or plan),
 *   `email-taken`
 */
export async function invite(deps: AdminDeps, actor: Actor, input: NewUser): Promise<AdministeredUser> {
  const { email, language = 'en', firstName = null, lastName = null } = input
  const id = Bun.randomUUIDv7()
  const plan = input.plan === freePlan ? null : (input.plan ?? null)
  const role = input.role ?? roleOnPlan(freePlan).role
  try {
    return await deps.sql.begin(async (tx) => {
      const authority = await authorise(tx, actor.principal, permission)
      if (input.plan !== undefined) requireHeld(authority, permissionForPlans)
      await requireGrantable(tx, { actor: authority, target: { plan: plan ?? freePlan } }, role)
      if (plan !== null) requirePlan(deps, plan)
      await insertInvited(tx, { id, email, firstName, lastName, language, role, plan }, authority.id)
      // A statement of its own: the first one may have waited for the erasure that wrote the traces.
      await restoreTraces(tx, id, deps.traceKeys(email))
      await mailInvitation(tx, deps, id)
      await deps.audit.record(tx, actor, 'account.invite', account(id), { details: { role, plan } })
      return showUser(tx, deps, actor, id)
    })
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('email-taken', { cause: error })
    throw error
  }
}

/**
 * Mails an invitation again, unless three of its links are live. The actor replaces the inviter, whose rights
 * acceptance checks.
 * @throws AppError as authoriseOver, `not-invited`
 */
export async function inviteAgain(deps: AdminDeps, actor: Actor, accountId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    if (!(await renew(tx, deps, actor, accountId))) throw new AppError('not-invited')
  })
}

/**
 * Mails a link for a new password, unless three of them are live; to an invited account, the invitation again. A locked
 * account's link works once it is unlocked. The present password and sessions stay valid until the link is used.
 * @throws AppError as authoriseOver
 */
export async function mailPasswordReset(deps: AdminDeps, actor: Actor, accountId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    if (await renew(tx, deps, actor, accountId)) return
    const kind = 'reset-password'
    const mailbox = await findMailbox(tx, accountId)
    if (!mailbox) throw new AppError('not-found')
    const { email, language } = mailbox
    const token = await createLink(tx, { accountId, kind, email })
    const details = { mailed: token !== null }
    await deps.audit.record(tx, actor, 'password.request_reset', account(accountId), { details })
    if (token === null) return
    const data = { validHours: linkValidHours(kind), cause: 'administrator' } as const
    const link = linkUrl(deps.config.appUrl, kind, token)
    await deps.mail.sendMail(tx, { accountId, to: email, language, template: kind, data, link })
  })
}

/** @returns false, after the authority over the account was checked, where no invitation is pending */
async function renew(tx: Tx, deps: AdminDeps, actor: Actor, accountId: string): Promise<boolean> {
  const authority = await authoriseOver(tx, actor.principal, accountId, permission)
  const invitation = await findInvitation(tx, accountId)
  if (!invitation) return false
  const { role, plan } = invitation
  if (plan !== null) requireHeld(authority.actor, permissionForPlans)
  await requireGrantable(tx, { actor: authority.actor, target: { plan: plan ?? authority.target.plan } }, role)
  await renewInvitation(tx, accountId, authority.actor.id)
  const mailed = await mailInvitation(tx, deps, accountId)
  await deps.audit.record(tx, actor, 'account.invite_again', account(accountId), { details: { role, plan, mailed } })
  return true
}

/** @returns whether a link was made; false where three are live */
async function mailInvitation(tx: Tx, deps: AdminDeps, accountId: string): Promise<boolean> {
  const invitation = await findInvitation(tx, accountId)
  if (!invitation) throw new Error('the invitation is in the transaction')
  const { email, language, ...offer } = invitation
  const kind = 'accept-invitation'
  const token = await createLink(tx, { accountId, kind, email })
  if (token === null) return false
  const data = { ...invitationLetter(deps, offer), validHours: linkValidHours(kind) }
  const link = linkUrl(deps.config.appUrl, kind, token)
  await deps.mail.sendMail(tx, { accountId, to: email, language, template: kind, data, link })
  return true
}
