import { lockForAuthorisation, mayStillGrant } from '../../access/hierarchy.ts'
import type { LockedAccount } from '../../access/hierarchy-queries.ts'
import { freePlan, roleOnPlan } from '../../access/lapse.ts'
import { consumeLink, peekLink } from '../../account-links/links.ts'
import { account, type Origin } from '../../audit/actor.ts'
import { requireGoodPassword } from '../../auth/registration.ts'
import type { SessionBody } from '../../auth/session-body.ts'
import { completeSignIn } from '../../auth/sign-in.ts'
import { beginGranted } from '../../billing/grants.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import { recordConsents, requireConsents } from '../../consents/agreements.ts'
import type { Agreed } from '../../consents/schemas.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import type { AdminDeps } from '../deps.ts'
import { activate, findInvitation, type Invitation, isLivePlan } from './queries.ts'
import type { Acceptance } from './schemas.ts'

/**
 * Accepts an invitation by the link in its mail: sets the password and marks the address verified, begins the plan, and
 * opens a session. Where the inviter may no longer grant role and plan, the account becomes a `user` on free.
 * @throws AppError `invalid-link`, also for an account that is locked; `validation-failed` (the link stays),
 *   `overloaded`
 */
export async function acceptInvitation(
  deps: AdminDeps,
  origin: Origin,
  { token, password, consents }: Acceptance,
  signal?: AbortSignal,
): Promise<SessionBody> {
  const owner = await peekLink(deps.sql, 'accept-invitation', token)
  requireGoodPassword(deps, password, owner)
  const agreed = requireConsents(deps.config.consentDocuments, consents)
  const passwordHash = await deps.passwords.hash(password, signal)
  const accept = () =>
    completeSignIn(deps, owner.accountId, {
      method: 'invitation',
      amr: ['pwd'],
      origin,
      prove: (tx) => acceptLocked(tx, deps, { accountId: owner.accountId, token, passwordHash, agreed, origin }),
    })
  let session = await accept()
  // The inviter changed while the locks were awaited: tried again. Each round means that an administrator's act was
  // committed.
  while (!session) session = await accept()
  return session
}

type Proof = { accountId: string; token: string; passwordHash: string; agreed: readonly Agreed[]; origin: Origin }

/** @returns false, with nothing written, where the inviters are not those whose rows are locked */
async function acceptLocked(tx: Tx, deps: AdminDeps, proof: Proof): Promise<boolean> {
  const { accountId, token, passwordHash, agreed, origin } = proof
  const expected = await findInvitation(tx, accountId)
  if (!expected) throw new AppError('invalid-link')
  // All at once in the order of their ids, as in every other act on several accounts, which prevents deadlocks.
  const ids = [accountId, expected.invitedBy, expected.roleBy].filter((id) => id !== null)
  const accounts = await lockForAuthorisation(tx, ids)
  const invitation = await findInvitation(tx, accountId)
  if (!invitation) throw new AppError('invalid-link')
  if (invitation.invitedBy !== expected.invitedBy || invitation.roleBy !== expected.roleBy) return false
  const link = await consumeLink(tx, 'accept-invitation', token)
  if (link.account.status !== 'invited' || link.account.email !== link.email) throw new AppError('invalid-link')
  // The free plan, or the one that an administrator has granted since, whose authority was checked then.
  const current = accounts.find(({ id }) => id === accountId)?.plan ?? freePlan
  const isGranted = await isStillGranted(tx, invitation, current, accounts)
  const role = isGranted ? invitation.role : roleOnPlan(current).role
  const plan = isGranted ? invitation.plan : null
  await activate(tx, accountId, { role, passwordHash })
  if (plan !== null) await beginGranted(tx, accountId, plan, invitation.invitedBy)
  await recordConsents(tx, accountId, agreed)
  await recordAuthzChange(tx, { accountId })
  const details = { role, plan, isGranted, ...(agreed.length > 0 && { consents: agreed }) }
  const actor = { principal: { accountId }, origin }
  await deps.audit.record(tx, actor, 'invitation.accept', account(accountId), { details })
  return true
}

/** Whether the inviters may still grant both role and plan; if not, neither is given. */
async function isStillGranted(
  tx: Tx,
  { role, plan, invitedBy, roleBy }: Invitation,
  current: string,
  accounts: LockedAccount[],
): Promise<boolean> {
  const offer = { role, plan: plan ?? current }
  const grantor = (id: string) => accounts.find((candidate) => candidate.id === id)
  if (roleBy !== null && !(await mayStillGrant(tx, grantor(roleBy), 'users.manage', offer))) return false
  if (plan === null) return true
  return (await mayStillGrant(tx, grantor(invitedBy), 'subscriptions.manage', offer)) && isLivePlan(tx, plan)
}
