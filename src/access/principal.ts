import type { Network } from '../addresses/networks.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { AccessClaims } from './claims.ts'
import { freePlan } from './lapse.ts'
import { type AuthzState, type GrantingState, liveOverrides, type Overrides, type Rights, rightsOf } from './rights.ts'
import type { Assurance, AuthMethod } from './strength.ts'

/** The authenticated person or API key, with its rights at this moment. */
export type Principal = Rights & {
  accountId: string
  /** The session of the access token; null for an API key. */
  sessionId: string | null
  /** The API key; null for an access token. */
  apiKeyId: string | null
  planExpiresAt: number | null
  /**
   * The account that pays and whose monthly quota is used: the owner of the team while it has a plan, else the account
   * itself.
   */
  payerId: string
  overrides: Overrides
  /** Authentication methods of the sign-in (RFC 8176); empty for an API key. */
  amr: readonly AuthMethod[]
  acr: Assurance
  /** Time of the last authentication in epoch seconds; 0: unknown. */
  authTime: number
  /** The token's claims are out of date: the client should fetch a new one (`Authz-Refresh: 1`). */
  outdated: boolean
}

const noOverrides: Overrides = Object.freeze({})
const noMethods: readonly AuthMethod[] = Object.freeze([])

/**
 * The rights of a verified token, from memory: the token's own while they are current, else derived from the newest known
 * state and the catalogue.
 */
export function principalOf(
  claims: AccessClaims,
  state: AuthzState | undefined,
  catalogue: Catalogue,
  nowSeconds: number,
): Principal {
  if (!state && claims.cv >= catalogue.version && !hasEnded(claims, nowSeconds))
    return {
      accountId: claims.sub,
      sessionId: claims.sid,
      apiKeyId: null,
      role: claims.role,
      privilegeLevel: claims.lvl,
      permissions: claims.perms,
      plan: claims.plan,
      tier: claims.tier,
      features: claims.feats,
      planExpiresAt: claims.pex ?? null,
      payerId: claims.payer ?? claims.sub,
      overrides: claims.ovr ?? noOverrides,
      amr: claims.amr ?? noMethods,
      acr: claims.acr ?? 'aal1',
      authTime: claims.auth_time ?? 0,
      outdated: false,
    }
  const known: GrantingState = state ?? {
    role: claims.role,
    plan: claims.plan,
    planExpiresAt: claims.pex ?? null,
    payerId: claims.payer ?? null,
    overrides: claims.ovr ?? {},
  }
  const rights = rightsOf(catalogue, known, nowSeconds)
  return {
    ...rights,
    accountId: claims.sub,
    sessionId: claims.sid,
    apiKeyId: null,
    planExpiresAt: known.planExpiresAt,
    payerId: payerOf(claims.sub, known, rights),
    overrides: liveOverrides(known.overrides, nowSeconds),
    amr: claims.amr ?? noMethods,
    acr: claims.acr ?? 'aal1',
    authTime: claims.auth_time ?? 0,
    outdated: differ(rights, claims),
  }
}

/**
 * What the rights of a key derive from: its owner, the owner's state when it was read, and the key's own permissions.
 */
type KeyHolder = Pick<ApiKey, 'id' | 'accountId' | 'permissions' | 'state'>

/** The rights of an API key: its owner's at this moment, limited to the permissions that the key lists. */
export function principalOfKey(key: KeyHolder, catalogue: Catalogue, nowSeconds: number): Principal {
  const rights = rightsOf(catalogue, key.state, nowSeconds)
  return {
    ...rights,
    permissions: rights.permissions.filter((permission) => key.permissions.includes(permission)),
    accountId: key.accountId,
    sessionId: null,
    apiKeyId: key.id,
    planExpiresAt: key.state.planExpiresAt,
    payerId: payerOf(key.accountId, key.state, rights),
    overrides: liveOverrides(key.state.overrides, nowSeconds),
    amr: noMethods,
    acr: 'aal1',
    authTime: 0,
    outdated: false,
  }
}

/** On the free plan every account has a quota of its own. */
function payerOf(accountId: string, { payerId }: GrantingState, { plan }: Rights): string {
  return plan === freePlan ? accountId : (payerId ?? accountId)
}

/** Whether the token's plan or one of its overrides has expired. */
function hasEnded(claims: AccessClaims, nowSeconds: number): boolean {
  if (claims.pex !== undefined && claims.pex <= nowSeconds) return true
  if (claims.ovr === undefined) return false
  return Object.values(claims.ovr).some(({ exp }) => exp !== undefined && exp <= nowSeconds)
}

function differ(rights: Rights, claims: AccessClaims): boolean {
  return (
    rights.role !== claims.role ||
    rights.privilegeLevel !== claims.lvl ||
    rights.plan !== claims.plan ||
    rights.permissions.join() !== claims.perms.join() ||
    rights.features.join() !== claims.feats.join()
  )
}

/** A valid key with its owner's state. */
export type ApiKey = {
  id: string
  accountId: string
  permissions: readonly string[]
  /** Where it may be used from; null: anywhere. */
  networks: readonly Network[] | null
  state: AuthzState
}
