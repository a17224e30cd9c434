import { useStore } from '../store.ts'
import type { Claims } from './claims.ts'
import { session } from './session.ts'

/** What the role in use may do, for what is offered. The service judges every call by itself. */
export type Rights = Claims & {
  may: (permission: string) => boolean
  /** Whether a person of this level may be acted upon: a superadmin upon anyone, others strictly below themselves. */
  outranks: (level: number, accountId: string) => boolean
}

const superadminLevel = 100

export function useRights(): Rights {
  const now = useStore(session)
  const claims: Claims =
    now.kind === 'signed-in'
      ? now.claims
      : { sessionId: '', accountId: '', role: '', level: 0, permissions: [], acr: '', methods: [], endsAt: 0 }
  return {
    ...claims,
    may: (permission) => claims.permissions.includes(permission),
    outranks: (level, accountId) =>
      claims.level >= superadminLevel || (level < claims.level && accountId !== claims.accountId),
  }
}
