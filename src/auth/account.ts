import type { AccessClaims } from '../access/claims.ts'
import type { Overrides } from '../access/rights.ts'
import type { Db } from '../db/types.ts'

/** An account with its rights at one moment: what a token and a user body say. */
export type AccountWithRights = {
  id: string
  email: string
  emailVerified: boolean
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  status: string
  createdAt: Date
  lastLoginAt: Date | null
  passwordVersion: number
  role: string
  privilegeLevel: number
  permissions: string[]
  plan: string
  planDisplayName: string
  tier: number
  features: string[]
  pex: number | null
  overrides: Overrides
  ver: number
  cv: number
}

/**
 * The account's row and its rights from base tables, in one query, as a fragment: a statement that opens or renews a
 * session reads them without another round trip. Lapsed plans are judged by the database's clock.
 */
export function selectAccountWithRights(sql: Db, accountId: string) {
  return sql`
    select a.id, a.email, a.email_verified_at is not null as email_verified, a.first_name, a.last_name, a.phone_number,
           a.language, a.timezone, a.status, a.created_at, a.last_login_at, a.password_version,
           force.role, r.privilege_level, force.plan, p.display_name as plan_display_name, p.tier,
           array(select permission::text collate "C" from role_permissions where role = force.role order by 1) as permissions,
           array(select name collate "C" from (
                   select feature::text as name from plan_features where plan = force.plan
                     and not coalesce((x.overrides -> feature ->> 'g')::boolean = false, false)
                   union
                   select key from jsonb_each(x.overrides) where (value ->> 'g')::boolean) granted order by 1) as features,
           case when force.plan = x.plan then x.pex::float8 end as pex, x.overrides,
           a.authz_version::float8 as ver, (select version::float8 from catalogue_version) as cv
      from user_accounts a
      join account_authz x on x.id = a.id
     cross join lateral (select coalesce(x.pex <= extract(epoch from clock_timestamp()), false) as lapsed) clock
     cross join lateral (select case when lapsed then 'free' else coalesce(x.plan, 'free') end as plan,
                                case when lapsed and x.role = 'subscriber' then 'user' else x.role end as role) force
      join roles r on r.name = force.role
      join subscription_plans p on p.name = force.plan
     where a.id = ${accountId}`
}

/** The one place where an account becomes an access token's claims. `iat` is an epoch second. */
export function claimsOf(account: AccountWithRights, sessionId: string, iat: number, ttlSeconds: number) {
  const claims: Omit<AccessClaims, 'iss' | 'aud' | 'jti'> = {
    sub: account.id,
    iat,
    nbf: iat,
    exp: iat + ttlSeconds,
    sid: sessionId,
    role: account.role,
    lvl: account.privilegeLevel,
    perms: account.permissions,
    plan: account.plan,
    tier: account.tier,
    feats: account.features,
    ver: account.ver,
    cv: account.cv,
  }
  if (account.pex !== null) claims.pex = account.pex
  if (Object.keys(account.overrides).length > 0) claims.ovr = account.overrides
  return claims
}

/** What a person sees of an account. */
export type User = ReturnType<typeof toUser>

export function toUser(account: AccountWithRights) {
  const { id, email, emailVerified, firstName, lastName, phoneNumber, language, timezone, role, privilegeLevel } =
    account
  const { status, createdAt, lastLoginAt } = account
  const plan = { name: account.plan, displayName: account.planDisplayName, tier: account.tier }
  return {
    id,
    email,
    emailVerified,
    firstName,
    lastName,
    phoneNumber,
    language,
    timezone,
    role,
    privilegeLevel,
    plan,
    status,
    createdAt,
    lastLoginAt,
  }
}
