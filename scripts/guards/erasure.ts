import type { Guard } from './guard.ts'

const leases = 'src/billing/lease-queries.ts'
const lockout = 'src/auth/lockout.ts'
const lateRequests = ['account/late-requests']
const lateCounters = ['account/late-counters']

/** Guards of what is written about an account while it is erased. */
export const erasureGuards: Guard[] = [
  {
    name: 'an erased account gets no endpoint',
    file: 'src/webhooks/endpoint-queries.ts',
    from: " and status = 'active')\n    returning",
    to: ')\n    returning',
    tests: lateRequests,
    only: 'post /v1/webhooks',
  },
  {
    name: 'an erased account’s billing has no lease',
    file: leases,
    from: ' for key share),\n    lease as',
    to: '),\n    lease as',
    tests: lateRequests,
    only: 'to a checkout',
  },
  {
    name: 'an erased account’s billing is not synchronised later',
    file: leases,
    from: ' for key share\n        on conflict',
    to: '\n        on conflict',
    tests: lateRequests,
    only: 'the provider refuses',
  },
  {
    name: 'an erased account gets no customer at a provider',
    file: 'src/billing/known-queries.ts',
    from: " and status <> 'deleted' for key share\n",
    to: '\n',
    tests: lateRequests,
    only: 'to a checkout',
  },
  {
    name: 'who is erased does not log out everywhere',
    file: 'src/auth/sessions.ts',
    from: '    await requireStillSignedIn(tx, actor.principal)\n    const apiKeysEnded',
    to: '    const apiKeysEnded',
    tests: lateRequests,
    only: 'logout-all',
  },
  {
    name: 'no password of an erased account is checked',
    file: lockout,
    from: " and status = 'active' for key share)",
    to: ')',
    tests: lateRequests,
    only: 'post /v1/api-keys',
  },
  {
    name: 'no wrong password of an erased account is counted',
    file: lockout,
    from: ' where ${condition}',
    to: ' from (select ${condition}) waited',
    tests: lateRequests,
    only: 'post /v1/api-keys',
  },
  {
    name: 'no code of an erased account is checked',
    file: 'src/mfa/own-code-queries.ts',
    from: " and status = 'active' for key share)",
    to: ')',
    tests: lateRequests,
    only: 'wrong code',
  },
  {
    name: 'no second factor of an erased account is asked for',
    file: 'src/mfa/challenge-queries.ts',
    from: 'and a.second_factors = ${row.secondFactors}::text[] for key share)',
    to: 'and a.second_factors = ${row.secondFactors}::text[])',
    tests: lateRequests,
    only: 'a second factor is asked for',
  },
  {
    name: 'no copy of an erased account’s passkey is reported',
    file: 'src/passkeys/assertion.ts',
    from: '    if ((await countPasskeys(tx, accountId)) === 0) return\n',
    to: '',
    tests: lateRequests,
    only: 'copied passkey',
  },
  {
    name: 'an erased account is mailed no link',
    file: 'src/account-links/queries.ts',
    from: "? 'invited' : 'active'} for key share)",
    to: "? 'invited' : 'active'})",
    tests: lateRequests,
    only: 'password/forgot',
  },
  {
    name: 'an erased account gets no code of a provider',
    file: 'src/sso/code-queries.ts',
    from: " and status = 'active' for key share)",
    to: " and status = 'active')",
    tests: lateRequests,
    only: 'to add an identity',
  },
  {
    name: 'an erased account makes no team',
    file: 'src/teams/queries.ts',
    from: " and status = 'active' for share)",
    to: " and status = 'active')",
    tests: lateRequests,
    only: 'v1/team',
  },
  {
    name: 'use of a quota without a limit ends with an erasure',
    file: 'src/quotas/queries.ts',
    from: ' for key share of a\n',
    to: '\n',
    tests: lateCounters,
  },
  {
    name: 'an export that an erasure overtakes',
    file: 'src/account/queries.ts',
    from: 'exists (select from account)`)}\n',
    to: 'true`)}\n',
    tests: lateCounters,
  },
]
