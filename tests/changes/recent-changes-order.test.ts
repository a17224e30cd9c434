import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { AuthzChange } from '../../src/access/authz-change.ts'
import type { AccessClaims } from '../../src/access/claims.ts'
import { change, recentChangesOf, token } from '../support/authz-changes.ts'

/** The rule in its plainest form, over the set of all changes. */
function oracle(changes: AuthzChange[], { ver, sid, sub }: AccessClaims) {
  const own = changes.filter(({ accountId }) => accountId === sub)
  const newest = own.reduce<AuthzChange | undefined>(
    (best, each) => (best && (best.version ?? 0) >= (each.version ?? 0) ? best : each),
    undefined,
  )
  const overtaken = newest && (newest.version ?? 0) > ver ? newest : undefined
  if (overtaken && overtaken.status !== 'active') return 'account-disabled'
  if (own.some(({ kind, sessionId }) => kind === 'session-ended' && sessionId === sid)) return 'session-revoked'
  if (
    own.some(
      ({ kind, version, exceptSessionId }) =>
        kind === 'sessions-ended' && (version ?? 0) > ver && exceptSessionId !== sid,
    )
  )
    return 'session-revoked'
  return overtaken?.role ?? undefined
}

const sessionId = fc.constantFrom('s1', 's2', 's3')
const kind = fc.oneof(
  fc.constant<Partial<AuthzChange>>({ kind: 'state' }),
  sessionId.map((id): Partial<AuthzChange> => ({ kind: 'session-ended', sessionId: id })),
  fc.option(sessionId).map((id): Partial<AuthzChange> => ({ kind: 'sessions-ended', exceptSessionId: id })),
)
const status = fc.constantFrom('active', 'active', 'locked', 'deleted') as fc.Arbitrary<AuthzChange['status']>
/** Versions are an account's own count: each appears once. */
const history = fc
  .array(fc.record({ accountId: fc.constantFrom('a1', 'b1'), kind, status }), { maxLength: 12 })
  .map((list) =>
    list.map((each, index) => change(index + 2, { ...each.kind, accountId: each.accountId, status: each.status })),
  )
/** The same changes in any order, some of them again: NOTIFY and poll overlap, and neither keeps the order of commits. */
const arrival = history.chain((changes) =>
  fc.tuple(
    fc.constant(changes),
    fc.shuffledSubarray(changes, { minLength: changes.length }),
    fc.array(fc.constantFrom(...changes, undefined), { maxLength: 8 }),
  ),
)

test('any order and any repetition of changes is judged as the plain rule over their set', () => {
  fc.assert(
    fc.property(
      arrival,
      fc.nat(14),
      sessionId,
      fc.constantFrom('a1', 'b1'),
      ([changes, shuffled, again], ver, sid, sub) => {
        const recentChanges = recentChangesOf([...shuffled, ...again.filter((each) => each !== undefined)])
        const claims = token(ver, sid, sub)
        const judged = recentChanges.verify(claims)
        expect(typeof judged === 'object' ? judged.role : judged).toBe(oracle(changes, claims) as string)
      },
    ),
    { numRuns: 2_000 },
  )
})
