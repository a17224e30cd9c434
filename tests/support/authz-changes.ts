import type { AuthzChange } from '../../src/access/authz-change.ts'
import type { AccessClaims } from '../../src/access/claims.ts'
import { RecentChanges } from '../../src/changes/recent-changes.ts'

export const ttlSeconds = 900
/** How long a change may concern a valid token, in milliseconds. */
export const lifeMs = (ttlSeconds + 300) * 1000
const account = 'a1'

/** A change of one account, with defaults for members that the test does not set. */
export function change(version: number, more: Partial<AuthzChange> = {}): AuthzChange {
  return {
    id: String(version),
    at: new Date(0),
    accountId: account,
    version,
    kind: 'state',
    role: `role${version}`,
    privilegeLevel: 10,
    plan: 'free',
    planExpiresAt: null,
    payerId: null,
    overrides: {},
    status: 'active',
    sessionId: null,
    exceptSessionId: null,
    catalogueVersion: null,
    ...more,
  }
}

export function token(ver: number, sid = 's1', sub = account): AccessClaims {
  return {
    iss: '',
    aud: '',
    sub,
    iat: 0,
    nbf: 0,
    exp: 900,
    jti: '',
    sid,
    role: '',
    lvl: 0,
    perms: [],
    plan: '',
    tier: 0,
    feats: [],
    ver,
    cv: 1,
  }
}

export function recentChangesOf(changes: AuthzChange[]): RecentChanges {
  const recentChanges = new RecentChanges(ttlSeconds)
  for (const each of changes) recentChanges.apply(each, 0)
  return recentChanges
}
