import type { Deps } from '../deps.ts'
import { AppError } from '../errors.ts'
import { findAuthz } from './queries.ts'
import { rightsOf } from './rights.ts'

type Link = {
  kind: 'account' | 'role' | 'level' | 'permission' | 'plan' | 'expiry' | 'feature' | 'override'
  name: string
  detail: string
}
export type Explanation = { granted: boolean; chain: Link[] }

/**
 * Why an account may or may not: the chain role → level → permission, or plan → feature → override → expiry.
 * @throws AppError `not-found` for an unknown account, permission or feature
 */
export async function explain(
  deps: Deps,
  accountId: string,
  asked: { permission?: string; feature?: string },
): Promise<Explanation> {
  const catalogue = deps.catalogue.current
  const state = await findAuthz(deps.sql, accountId)
  if (!state || state.status === 'deleted') throw new AppError('not-found')
  if (asked.permission !== undefined && !catalogue.permissions.has(asked.permission)) throw new AppError('not-found')
  if (asked.feature !== undefined && !catalogue.features.has(asked.feature)) throw new AppError('not-found')
  const nowSeconds = deps.now() / 1000
  const rights = rightsOf(catalogue, state, nowSeconds)
  const chain: Link[] = []
  const active = state.status === 'active'
  chain.push({
    kind: 'account',
    name: accountId,
    detail: active ? 'active' : 'locked by an administrator: nothing is granted',
  })

  if (asked.permission !== undefined) {
    const granted = rights.permissions.includes(asked.permission)
    if (rights.role !== state.role)
      chain.push({
        kind: 'expiry',
        name: state.plan,
        detail: `the plan lapsed, so ${state.role} counts as ${rights.role}`,
      })
    chain.push({ kind: 'role', name: rights.role, detail: `the account's role` })
    chain.push({ kind: 'level', name: String(rights.privilegeLevel), detail: `the role's privilege level` })
    chain.push({
      kind: 'permission',
      name: asked.permission,
      detail: `${granted ? 'held by' : 'not held by'} the role ${rights.role}`,
    })
    return { granted: active && granted, chain }
  }

  const feature = asked.feature ?? ''
  chain.push({ kind: 'plan', name: state.plan, detail: 'the current subscription' })
  if (state.pex !== null) {
    const lapsed = rights.plan !== state.plan
    chain.push({
      kind: 'expiry',
      name: state.plan,
      detail: `${lapsed ? 'lapsed' : 'lasts until'} ${new Date(state.pex * 1000).toISOString()}${lapsed ? ', free counts instead' : ''}`,
    })
  }
  const included = catalogue.plans.get(rights.plan)?.featureNames.includes(feature) ?? false
  chain.push({
    kind: 'feature',
    name: feature,
    detail: `${included ? 'included in' : 'not included in'} the plan ${rights.plan}`,
  })
  const override = state.overrides[feature]
  if (override) {
    const until = override.exp === undefined ? 'without an end' : `until ${new Date(override.exp * 1000).toISOString()}`
    chain.push({
      kind: 'override',
      name: feature,
      detail: `${override.g ? 'granted to' : 'refused to'} this account ${until}`,
    })
  }
  return { granted: active && rights.features.includes(feature), chain }
}
