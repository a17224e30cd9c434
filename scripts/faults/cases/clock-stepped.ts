import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { call } from '../call.ts'
import type { Case } from '../case.ts'
import { sources } from '../stand.ts'
import { register, type Scene, underTraffic } from '../under-traffic.ts'

const fiveMinutesMs = 300_000
const preload = join(import.meta.dir, '../stepping-clock.ts')
const [bun = '', ...rest] = sources

export const clockStepped: Case = {
  name: 'clock-stepped',
  about: "the server's clock of the day is put five minutes ahead, back, and right again (a preloaded Date)",
  times: { short: 2, long: 10 },
  run: (stand, options) => {
    const file = join(stand.directory, `clock-${crypto.randomUUID()}`)
    writeFileSync(file, '0')
    const revived: string[] = []
    return underTraffic(stand, options, {
      command: [bun, '--preload', preload, ...rest],
      environment: { CLOCK_FILE: file },
      isInvisible: true,
      // After a step ahead, administration waits for the next read of changes, as after a suspension of the process.
      tells: '503 authorisation-stale',
      async inject(scene, time) {
        const offsetMs = time % 2 === 0 ? fiveMinutesMs : -fiveMinutesMs
        const expired = await givenExpired(scene)
        writeFileSync(file, `${offsetMs}`)
        await scene.hold(options.isShort ? 0.5 : 2)
        const answer = await call(scene.server().url, '/v1/auth/refresh', { json: { refreshToken: expired } })
        if (typeof answer !== 'string' && answer.status === 200)
          revived.push(`an expired session was revived with the clock ${offsetMs / 1000} s off`)
        writeFileSync(file, '0')
        return null
      },
      judge: async () => revived,
    })
  },
}

/** The refresh token of a session that ended a minute ago. */
async function givenExpired({ databaseUrl, server }: Scene): Promise<string> {
  const { user, refreshToken } = await register<{ user: { id: string }; refreshToken: string }>(server().url, 'expired')
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  try {
    await sql`
      update tokens set expires_at = clock_timestamp() - interval '1 minute'
       where session_id in (select id from sessions where account_id = ${user.id})`
  } finally {
    await sql.end({ timeout: 1 })
  }
  return refreshToken
}
