import type { AccessClaims } from '../access/claims.ts'
import { freePlan } from '../access/lapse.ts'
import { type AuthzState, type Rights, rightsOf } from '../access/rights.ts'
import type { Strength } from '../access/strength.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { newer, readCatalogue } from '../catalogue/current.ts'
import { dueOf } from '../consents/agreements.ts'
import type { Agreed } from '../consents/schemas.ts'
import type { ConsentConfig } from '../consents/variables.ts'
import type { Db } from '../db/types.ts'

/** An account as one statement reads it: profile, authorisation state, and the catalogue's version in the same snapshot. */
export type StoredAccount = AuthzState & {
  id: string
  email: string
  emailVerified: boolean
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  createdAt: Date
  lastLoginAt: Date | null
  passwordVersion: number
  catalogueVersion: number
  /** The version of each document that the person agrees to. */
  consents: Record<string, string>
}

/** SQL: the columns of accountColumns without the overrides, which a User does not show; of a row `a` of user_accounts. */
export const profileColumns = `
    a.id, a.email, a.email_verified_at is not null as email_verified, a.first_name, a.last_name, a.phone_number,
    a.language, a.timezone, a.status, a.created_at, a.last_login_at, a.password_version, a.consents,
    a.authz_version::float8 as version, a.role, a.plan, a.payer_id,
    case when a.plan <> 'free' then ceil(extract(epoch from a.plan_ends_at))::float8 end as plan_expires_at,
    (select version::float8 from catalogue_version) as catalogue_version`

/** SQL: the columns of a StoredAccount, of the same row: one index look-up each, and no join. */
export const accountColumns = `${profileColumns},
    case when exists (select from account_features f where f.account_id = a.id)
         then (select overrides from account_authz x where x.id = a.id) else '{}'::jsonb end as overrides`

/** An account with its rights at one moment: what a token and a user body say. */
export type AccountWithRights = StoredAccount & { rights: Rights; planDisplayName: string; consentsDue: Agreed[] }

/** Dependencies of deriving rights. */
export type CatalogueDeps = {
  catalogue: { current: Catalogue }
  now: () => number
  config: ConsentConfig
}

/**
 * Adds the rights that follow from the catalogue in memory, and the consents that are due. When the account's row was read with a newer
 * catalogue version, that catalogue is read first, so that a new role or plan is known. Later versions are handled where the token is used.
 */
export async function withRights<A extends StoredAccount>(
  { catalogue, now, config }: CatalogueDeps,
  sql: Db,
  account: A,
): Promise<A & AccountWithRights> {
  if (catalogue.current.version < account.catalogueVersion)
    catalogue.current = newer(catalogue.current, await readCatalogue(sql))
  const { current } = catalogue
  const rights = rightsOf(current, account, now() / 1000)
  const planDisplayName = current.plans.get(rights.plan)?.displayName ?? rights.plan
  const consentsDue = dueOf(config.consentDocuments, account.consents)
  return Object.assign(account, { rights, planDisplayName, consentsDue, catalogueVersion: current.version })
}

/** The session that an access token is issued for. */
export type TokenSession = Strength & { sessionId: string }

/** The claims of an account's access token; no other code builds them. `iat` is an epoch second. */
export function claimsOf(account: AccountWithRights, session: TokenSession, iat: number, ttlSeconds: number) {
  const { rights } = account
  const claims: Omit<AccessClaims, 'iss' | 'aud' | 'jti'> = {
    sub: account.id,
    iat,
    nbf: iat,
    exp: iat + ttlSeconds,
    sid: session.sessionId,
    role: rights.role,
    lvl: rights.privilegeLevel,
    perms: [...rights.permissions],
    plan: rights.plan,
    tier: rights.tier,
    feats: [...rights.features],
    ver: account.version,
    cv: account.catalogueVersion,
    amr: session.amr,
    acr: session.acr,
    auth_time: session.authTime,
  }
  // `pex` is left out once the plan has lapsed: the free plan has no end.
  if (account.planExpiresAt !== null && rights.plan === account.plan) claims.pex = account.planExpiresAt
  if (account.payerId !== null && rights.plan !== freePlan) claims.payer = account.payerId
  if (Object.keys(account.overrides).length > 0) claims.ovr = account.overrides
  return claims
}

/** The representation of an account for its owner and for administrators. */
export type User = ReturnType<typeof toUser>

/** An account as its owner sees it: the `user` of sign-ins and of GET /v1/me. */
export function toUser({ rights, ...account }: AccountWithRights) {
  return {
    id: account.id,
    email: account.email,
    emailVerified: account.emailVerified,
    firstName: account.firstName,
    lastName: account.lastName,
    phoneNumber: account.phoneNumber,
    language: account.language,
    timezone: account.timezone,
    role: rights.role,
    privilegeLevel: rights.privilegeLevel,
    plan: { name: rights.plan, displayName: account.planDisplayName, tier: rights.tier },
    status: account.status,
    createdAt: account.createdAt,
    lastLoginAt: account.lastLoginAt,
    consentsDue: account.consentsDue,
  }
}
