import { openCluster } from '../../cluster/cluster.ts'
import { type Case, Skipped } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'

const instances = 3

export const rollingRestarts: Case = {
  name: 'rolling-restarts',
  about: `${instances} servers behind haproxy are restarted one after the other`,
  times: { short: 1, long: 7 },
  run: (stand, options) => {
    if (!Bun.which('haproxy')) throw new Skipped('haproxy is not installed (apt-get install haproxy)')
    let restart = async (): Promise<void> => {}
    return underTraffic(stand, options, {
      isInvisible: true,
      rate: options.isShort ? 50 : 500,
      async start({ DATABASE_URL: databaseUrl = '', ...own }) {
        const environment = { ...stand.environment, ...own }
        const cluster = await openCluster({ instances, databaseUrl, environment, command: stand.command })
        restart = () => cluster.rollingRestart()
        const { url, stop: kill } = cluster
        return { url, kill, stop: kill, pid: 0, log: () => '' }
      },
      async inject() {
        await restart()
        return null
      },
    })
  },
}
