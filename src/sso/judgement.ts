import type { Db } from '../db/types.ts'
import type { Profile } from './claims.ts'
import { findHolder, findOwner, type Standing } from './queries.ts'

/** From this level on an address joins nobody: an administrator adds an identity from inside. */
const joinBelow = 90

/** Why nobody signs in; what `#error` says. */
export type Refusal = 'email-unverified' | 'identity-conflict' | 'account-unavailable'

/** What a profile means for signing in. */
export type Verdict =
  /** The identity is an account's. */
  | { kind: 'known'; account: Standing }
  /** The address is an account's, and the provider's word for it counts. */
  | { kind: 'join'; account: Standing }
  /** Nobody has the identity or the address. */
  | { kind: 'new'; email: string }
  | { kind: 'refused'; code: Refusal }

const refused = (code: Refusal): Verdict => ({ kind: 'refused', code })

/** Judges who a profile is here: the identity first, and the address only where nobody has that. Two statements at most. */
export async function judge(sql: Db, profile: Profile): Promise<Verdict> {
  const owner = await findOwner(sql, profile)
  if (owner) return owner.status === 'active' ? { kind: 'known', account: owner } : refused('account-unavailable')
  const { email, emailVerified, isTrusted } = profile
  if (email === null || !emailVerified) return refused('email-unverified')
  const holder = await findHolder(sql, email)
  if (holder === null) return { kind: 'new', email }
  // Only who the address was proved for learns how the account is.
  if (holder === 'reserved' || !isTrusted) return refused('identity-conflict')
  if (holder.status !== 'active') return refused('account-unavailable')
  return mayJoin(holder, email) ? { kind: 'join', account: holder } : refused('identity-conflict')
}

/**
 * Whether a trusted address joins an account: the account proved it, too, so that nobody waits in an account that they opened
 * with somebody else's address; and nothing stronger than a password guards it.
 */
export function mayJoin(account: Standing, email: string): boolean {
  return (
    account.status === 'active' &&
    account.email === email &&
    account.emailVerified &&
    account.rank < joinBelow &&
    account.secondFactors.length === 0
  )
}
