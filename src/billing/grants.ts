import type { Actor } from '../access/actor.ts'
import { authoriseOver } from '../access/hierarchy.ts'
import { freePlan } from '../access/lapse.ts'
import { account } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { BillingDeps } from './deps.ts'
import { withdrawInvitedPlan } from './queries.ts'
import { releaseProviders } from './release.ts'
import { notifyOfChange, openForChange, replace, type SubscriptionView } from './subscriptions.ts'
import { requireAhead, requirePlan } from './views.ts'

type Grant = { plan: string; endsAt?: Date | null; reason: string }

/**
 * An administrator's grant of any plan, with a reason and an optional end.
 * @throws AppError as authoriseOver, `validation-failed`, `already-in-team`
 */
export async function grantSubscription(
  deps: BillingDeps,
  actor: Actor,
  accountId: string,
  { plan: name, endsAt = null, reason }: Grant,
): Promise<SubscriptionView> {
  return deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor.principal, accountId, 'subscriptions.manage', { withTeam: true })
    const plan = requirePlan(deps, name)
    if (endsAt && plan.name === freePlan) throw invalid('endsAt', 'The free plan has no end.')
    await requireAhead(tx, 'endsAt', endsAt)
    if (target.payerId !== null && plan.name !== freePlan) throw new AppError('already-in-team')
    const before = await openForChange(tx, accountId)
    await withdrawInvitedPlan(tx, accountId)
    await releaseProviders(tx, accountId)
    await replace(tx, {
      accountId,
      plan: plan.name,
      status: 'active',
      interval: null,
      endsAt,
      trialDays: null,
      grantedBy: actor.principal.accountId,
      reason,
    })
    await recordAuthzChange(tx, { accountId })
    const details = { from: before.plan, to: plan.name, endsAt }
    await deps.audit.record(tx, actor, 'subscription.grant', account(accountId), { details, after: { reason } })
    return notifyOfChange(tx, deps, accountId, plan.name === freePlan ? 'ended' : 'granted', before.plan)
  })
}

/**
 * Begins the plan of an accepted invitation. The caller has checked that the inviter may grant it, has locked the account's row, and
 * records the change of rights.
 */
export function beginGranted(tx: Tx, accountId: string, plan: string, grantedBy: string): Promise<void> {
  return replace(tx, {
    accountId,
    plan,
    status: 'active',
    interval: null,
    endsAt: null,
    trialDays: null,
    grantedBy,
    reason: 'Invitation',
  })
}
