import { mailLink } from '../account-links/mailed-links.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { findOwner } from './queries.ts'

/**
 * Mails a link for a new password to the active account of an address. Who has none, and who has three live links, costs the
 * same work: nobody learns here who has an account. Lockouts and sessions are not touched.
 */
export async function requestPasswordReset(deps: AuthDeps, email: string): Promise<void> {
  const owner = await findOwner(deps.sql, email)
  await mailLink(deps.sql, deps, 'reset-password', { owner, email })
}

/** Mails the verification link once more, where the address of an active account waits for it; the same work otherwise. */
export async function resendVerification(deps: AuthDeps, email: string): Promise<void> {
  const owner = await findOwner(deps.sql, email, { unverified: true })
  await mailLink(deps.sql, deps, 'verify-email', { owner, email })
}
