import { mailLink } from '../account-links/mailed-links.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { invitationLetter } from './invitation-letter.ts'
import { findOwner, findRecoverable } from './queries.ts'

/**
 * Mails a link for a new password to the active account of an address, and to an invited one its invitation again,
 * without prolonging it. An address without an account, and one with three live links, cost the same work, so that
 * nobody learns here which addresses have accounts. Lockouts and sessions are not changed.
 */
export async function requestPasswordReset(deps: AuthDeps, email: string): Promise<void> {
  const owner = await findRecoverable(deps.sql, email)
  if (!owner?.invitation) return mailLink(deps.sql, deps, 'reset-password', { owner, email })
  const { hoursLeft, ...offer } = owner.invitation
  const invitation = { ...invitationLetter(deps, offer), validHours: hoursLeft }
  await mailLink(deps.sql, deps, 'accept-invitation', { owner, email, invitation })
}

/**
 * Mails the verification link again to an active account whose address is not verified; does the same work otherwise.
 */
export async function resendVerification(deps: AuthDeps, email: string): Promise<void> {
  const owner = await findOwner(deps.sql, email, { unverified: true })
  await mailLink(deps.sql, deps, 'verify-email', { owner, email })
}
