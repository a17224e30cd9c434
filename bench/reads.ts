import type { Effort } from './chain-costs.ts'
import { type Child, startStage } from './processes.ts'
import { atLeast, type Figure, plain } from './report.ts'
import { asBytes, type Person } from './requests.ts'
import { type Contender, settled, show, takeTurns, toContender } from './rounds.ts'
import { median } from './statistics.ts'

/** The most that `GET /v1/me` may take of a core, in times of a bare route with the driver. */
const mostOfBare = 1.6

/** `GET /v1/me` beside `GET /v1/me/entitlements`, and beside a bare route that reads the account by the driver alone. */
export async function compareReads(
  ours: Child,
  person: Person,
  { environment, effort }: { environment: Record<string, string>; effort: Effort },
): Promise<Figure[]> {
  const reading = await startStage('reading', environment)
  try {
    const ask = (name: string, child: Child, path: string): Contender =>
      toContender(name, child.pid, { port: child.port, connections: 16, requests: [asBytes.get(path, person)] })
    const me = ask('/v1/me', ours, '/v1/me')
    const entitlements = ask('/v1/me/entitlements', ours, '/v1/me/entitlements')
    const bare = ask(reading.name, reading, `/v1/me/${subjectOf(person)}`)
    await takeTurns([me, bare, entitlements], effort.round / 2, (rounds) => rounds > effort.rounds)
    const times = settled(me) / settled(bare)
    return [
      plain('GET /v1/me, GET /v1/me/entitlements: of a core', `${show(settled(me))}, ${show(settled(entitlements))}`),
      plain(`${reading.name}, a like statement: of a core`, show(settled(bare))),
      {
        what: 'GET /v1/me: processor time : bare Hono + postgres.js with a like statement',
        figure: times.toFixed(2),
        goal: `≤ ${mostOfBare.toFixed(2)}`,
        met: times <= mostOfBare,
      },
      atLeast(
        'GET /v1/me : GET /v1/me/entitlements, answers a second',
        median(me.perSecond) / median(entitlements.perSecond),
        0.85,
      ),
    ]
  } finally {
    await reading.stop()
  }
}

/** The account of an access token (RFC 9068 2.2). */
function subjectOf({ accessToken }: Person): string {
  const [, claims = ''] = accessToken.split('.')
  return (JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { sub: string }).sub
}
