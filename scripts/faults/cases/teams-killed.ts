import { type Case, withUndo } from '../case.ts'
import { startTeamClients, type TeamClients } from '../team-clients.ts'
import { compareTeams, judgePlans, judgeTeams } from '../team-truth.ts'
import type { Truth } from '../truth.ts'
import { type Scene, underTraffic } from '../under-traffic.ts'
import { until } from '../wait.ts'
import { killPostgres } from './postgres-killed.ts'
import { killServer } from './server-killed.ts'

export const teamsKilled: Case = {
  name: 'teams-killed',
  about:
    'people join teams, leave and are removed, and an owner’s plan changes, while the server and PostgreSQL are killed (-9), in turn',
  times: { short: 2, long: 40 },
  run: (stand, options) =>
    withUndo(async (defer) => {
      let teams: TeamClients | undefined
      let truth: Truth = { lost: [], doubled: [] }
      const broken: string[] = []
      defer(() => teams?.abandon())
      const outcome = await underTraffic(stand, options, {
        untilMet: true,
        stopsServer: true,
        async inject(scene, time) {
          teams ??= await startTeamClients(scene)
          await isBusy(scene, teams)
          broken.push(...(await judgeTeams(teams)))
          return time % 2 === 0 ? killServer(scene) : killPostgres(scene)
        },
        async judge(scene) {
          if (!teams) return ['nobody has a team']
          await teams.stop()
          truth = await compareTeams(teams)
          return [...broken, ...(await judgeTeams(teams)), ...(await judgePlans(scene, teams))]
        },
      })
      const writes = teams?.ledger.writes ?? []
      return {
        ...outcome,
        acknowledged: outcome.acknowledged + writes.filter(({ acknowledged }) => acknowledged).length,
        lost: [...outcome.lost, ...truth.lost],
        doubled: [...outcome.doubled, ...truth.doubled],
        errors: added(outcome.errors, teams?.ledger.errors ?? new Map()),
      }
    }),
}

/** Resolves with several requests in progress, after some more were acknowledged. */
async function isBusy({ stand: { signal } }: Scene, { ledger, undecided }: TeamClients): Promise<void> {
  const count = () => ledger.writes.filter(({ acknowledged }) => acknowledged).length
  const enough = count() + 10
  const isMet = () => count() >= enough && undecided() > 2
  await until(isMet, { seconds: 120, what: 'people join and leave', signal, everyMs: 2 })
}

function added(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): Map<string, number> {
  const sum = new Map(one)
  for (const [what, count] of other) sum.set(what, (sum.get(what) ?? 0) + count)
  return sum
}
