import type { Actor } from '../../access/actor.ts'
import { freePlan } from '../../access/lapse.ts'
import { type AuthzState, type Rights, rightsOf } from '../../access/rights.ts'
import { account as entity } from '../../audit/actor.ts'
import { AppError } from '../../errors/app-error.ts'
import type { AdminDeps } from '../deps.ts'
import { findAuthzState } from './queries.ts'

type Link = {
  kind: 'account' | 'role' | 'level' | 'permission' | 'team' | 'plan' | 'expiry' | 'feature' | 'override'
  name: string
  detail: string
}
export type Explanation = { granted: boolean; chain: Link[] }
type Input = { permission?: string; feature?: string }

const accountDetails: Record<AuthzState['status'], string> = {
  invited: 'invited, and not accepted yet: nothing is granted',
  active: 'active',
  locked: 'locked by an administrator: nothing is granted',
  deleted: 'erased',
}

/**
 * Explains a right: the chain role → level → permission, or plan → feature → override, each with its expiry. The
 * question is audited.
 * @throws AppError `not-found` for an unknown account, permission or feature
 */
export async function explain(deps: AdminDeps, actor: Actor, accountId: string, asked: Input): Promise<Explanation> {
  const catalogue = deps.catalogue.current
  if (asked.permission !== undefined && !catalogue.permissions.has(asked.permission)) throw new AppError('not-found')
  if (asked.feature !== undefined && !catalogue.features.has(asked.feature)) throw new AppError('not-found')
  const state = await deps.sql.begin(async (tx) => {
    const found = await findAuthzState(tx, accountId)
    if (!found || found.status === 'deleted') throw new AppError('not-found')
    await deps.audit.record(tx, actor, 'account.explain', entity(accountId), { details: asked })
    return found
  })
  const nowSeconds = deps.now() / 1000
  const rights = rightsOf(catalogue, state, nowSeconds)
  const active = state.status === 'active'
  const account: Link = {
    kind: 'account',
    name: accountId,
    detail: accountDetails[state.status],
  }
  if (asked.permission !== undefined) {
    const granted = rights.permissions.includes(asked.permission)
    return { granted: active && granted, chain: [account, ...linksOfPermission(state, rights, asked.permission)] }
  }
  const feature = asked.feature ?? ''
  const included = catalogue.plans.get(rights.plan)?.featureNames.includes(feature) ?? false
  return {
    granted: active && rights.features.includes(feature),
    chain: [account, ...linksOfFeature(state, rights, feature, included, nowSeconds)],
  }
}

function linksOfPermission(state: AuthzState, rights: Rights, permission: string): Link[] {
  const lapsed: Link[] =
    rights.role === state.role
      ? []
      : [{ kind: 'expiry', name: state.plan, detail: `the plan lapsed, so ${state.role} counts as ${rights.role}` }]
  const held = rights.permissions.includes(permission) ? 'held by' : 'not held by'
  return [
    ...lapsed,
    { kind: 'role', name: rights.role, detail: "the account's role" },
    { kind: 'level', name: String(rights.privilegeLevel), detail: "the role's privilege level" },
    { kind: 'permission', name: permission, detail: `${held} the role ${rights.role}` },
  ]
}

function linksOfFeature(
  state: AuthzState,
  rights: Rights,
  feature: string,
  included: boolean,
  nowSeconds: number,
): Link[] {
  const chain: Link[] = planOf(state)
  if (state.planExpiresAt !== null)
    chain.push(expiry(state.plan, state.planExpiresAt, nowSeconds, ', free counts instead'))
  chain.push({
    kind: 'feature',
    name: feature,
    detail: `${included ? 'included in' : 'not included in'} the plan ${rights.plan}`,
  })
  const override = state.overrides[feature]
  if (!override) return chain
  chain.push({ kind: 'override', name: feature, detail: `${override.g ? 'granted to' : 'refused to'} this account` })
  if (override.exp !== undefined) chain.push(expiry(feature, override.exp, nowSeconds, ', the plan decides again'))
  return chain
}

/** The plan of the account; for a member of a team, the one that its owner shares. */
function planOf({ payerId, plan }: AuthzState): Link[] {
  if (payerId === null) return [{ kind: 'plan', name: plan, detail: 'the current subscription' }]
  const detail = plan === freePlan ? 'shares no plan now: the team sleeps' : 'shares this plan'
  return [
    { kind: 'team', name: payerId, detail: `the owner of the account's team, who ${detail}` },
    { kind: 'plan', name: plan, detail: "the team's" },
  ]
}

function expiry(name: string, epochSecond: number, nowSeconds: number, consequence: string): Link {
  const moment = new Date(epochSecond * 1000).toISOString()
  const detail = epochSecond <= nowSeconds ? `lapsed ${moment}${consequence}` : `lasts until ${moment}`
  return { kind: 'expiry', name, detail }
}
