import { useStore } from '../store.ts'
import type { Claims } from './claims.ts'
import { session } from './session.ts'

/** The rights of the signed-in role, which decide what is offered. The service checks every call itself. */
export type Rights = Claims & {
  may: (permission: string) => boolean
  /** Whether a person of this level may be acted on: by a superadmin anyone, by others only people below them. */
  outranks: (level: number, accountId: string) => boolean
}

const superadminLevel = 100

/** The rights of the signed-in person; none while nobody is signed in. */
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
