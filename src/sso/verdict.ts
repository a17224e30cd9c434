import { administratorLevel } from '../access/privilege.ts'
import type { Db } from '../db/types.ts'
import type { Profile } from './claims.ts'
import { findHolder, findOwner, type Standing } from './queries.ts'

/** Why a sign-in is refused; the value of `#error`. */
export type Refusal = 'email-unverified' | 'identity-conflict' | 'account-unavailable'

/** The result of evaluating a profile. */
export type Verdict =
  /** The identity belongs to an account. */
  | { kind: 'known'; account: Standing }
  /** The address belongs to an account, and the provider is trusted for it: the identity is added. */
  | { kind: 'join'; account: Standing }
  /** Neither the identity nor the address belongs to an account. */
  | { kind: 'new'; email: string }
  | { kind: 'refused'; code: Refusal }

const refused = (code: Refusal): Verdict => ({ kind: 'refused', code })

/**
 * Finds the account of a profile: by identity, and by address only where no account has the identity. At most two
 * statements.
 */
export async function evaluateProfile(sql: Db, profile: Profile): Promise<Verdict> {
  const owner = await findOwner(sql, profile)
  if (owner) return owner.status === 'active' ? { kind: 'known', account: owner } : refused('account-unavailable')
  const { email, emailVerified, isTrusted } = profile
  if (email === null || !emailVerified) return refused('email-unverified')
  const holder = await findHolder(sql, email)
  if (holder === null) return { kind: 'new', email }
  // The status of the account is shown only to people whose address the provider verified.
  if (holder === 'reserved' || !isTrusted) return refused('identity-conflict')
  if (holder.status !== 'active') return refused('account-unavailable')
  return mayJoin(holder, email) ? { kind: 'join', account: holder } : refused('identity-conflict')
}

/**
 * Whether an identity may be added to an account by its trusted address. The account must have verified the address too: otherwise an
 * attacker could register another person's address and wait for them (account pre-hijacking). It must have no second factor.
 */
export function mayJoin(account: Standing, email: string): boolean {
  return (
    account.status === 'active' &&
    account.email === email &&
    account.emailVerified &&
    account.rank < administratorLevel &&
    account.secondFactors.length === 0
  )
}
