import { chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { call } from '../faults/call.ts'
import { withUndo } from '../faults/case.ts'
import { password, shortRestMs, startClients } from '../faults/clients.ts'
import { acknowledgedWrites } from '../faults/ledger.ts'
import { openPostgres, type Postgres } from '../faults/postgres.ts'
import type { Stand } from '../faults/stand.ts'
import { compare } from '../faults/truth.ts'
import { busy, register, verifyAudit } from '../faults/under-traffic.ts'
import { until } from '../faults/wait.ts'
import { copyDataDirectory } from './copy.ts'

export type Say = (line: string) => void

/**
 * Rehearses the loss of a database: a base backup while clients write, archived WAL, a restore to a moment, and the
 * operator's steps after it, as in docs/reliability.md.
 * @returns the guarantees that failed; empty: none
 */
export function rehearseBackup(stand: Stand, say: Say): Promise<string[]> {
  return withUndo(async (defer) => {
    const { signal } = stand
    const broken: string[] = []
    const directory = join(stand.directory, 'drill')
    const archive = join(directory, 'archive')
    mkdirSync(archive, { recursive: true })
    const source = await openPostgres(join(directory, 'source'), {
      archive_mode: 'on',
      archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f`,
    })
    defer(source.stop)
    const { uid, gid } = statSync(join(directory, 'source', 'postgres'))
    chownSync(archive, uid, gid)
    await stand.prepare(source)
    const databaseUrl = await stand.createDatabase(source)
    const server = await stand.startServer({ DATABASE_URL: databaseUrl })
    defer(() => server.kill())
    const clients = startClients({
      address: () => server.url,
      clients: 3,
      administrator: stand.administrator,
      restMs: shortRestMs,
    })
    defer(clients.abandon)
    await busy(clients, signal)
    say('1. a base backup while clients write: pg_backup_start, the files, pg_backup_stop; the WAL is archived')
    const base = join(directory, 'base')
    await backUp(source, join(directory, 'source', 'postgres'), base)
    await busy(clients, signal)
    const erased = await register<Tokens>(server.url, 'erased')
    const isSealed = () => checkpointOf(server.log()) !== null
    await until(isSealed, { seconds: 60, what: 'the audit trail is sealed', signal })
    const checkpoint = checkpointOf(server.log()) ?? ''
    const ledger = await clients.stop()
    const [moment] = await source.as(
      (sql) => sql<{ at: Date; text: string }[]>`select now() as at, clock_timestamp()::text as text`,
    )
    say(`2. ${acknowledgedWrites(ledger)} writes were acknowledged until ${moment?.text}`)
    const later = await register<Tokens>(server.url, 'later')
    const gone = await call(server.url, '/v1/me', { method: 'DELETE', bearer: erased.accessToken, json: { password } })
    if (typeof gone === 'string' || gone.status !== 204)
      broken.push(`nobody can erase their account: ${JSON.stringify(gone)}`)
    say('3. after it somebody erases their account, somebody else registers, and then a table is emptied by mistake')
    const list = join(directory, 'erasures')
    const listed = await stand.run(['erasures', 'list', '--since', moment?.at.toISOString() ?? ''], {
      DATABASE_URL: databaseUrl,
    })
    writeFileSync(list, listed.output)
    await source.as((sql) => sql`delete from tokens`, new URL(databaseUrl).pathname.slice(1))
    await server.kill()
    await archiveAll(source)
    source.kill()
    await source.stop()
    say('4. the host is gone; base backup and archive are restored to that moment')
    const startedAt = performance.now()
    const restored = await restore({ base, archive, moment: moment?.text ?? '' }, join(directory, 'restored'), signal)
    defer(restored.stop)
    const restoredUrl = restored.urlOf(new URL(databaseUrl).pathname.slice(1))
    say(`   ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
    const file = join(directory, 'checkpoint.json')
    writeFileSync(file, checkpoint)
    const verified = await stand.run(['audit', 'verify', '--checkpoint', file], { DATABASE_URL: restoredUrl })
    if (verified.code !== 0) broken.push(verified.output)
    say(`5. audit verify, with a checkpoint from the log: ${verified.output}`)
    const replayed = await stand.run(['erasures', 'replay', list], { DATABASE_URL: restoredUrl })
    if (replayed.code !== 0 || !replayed.output.startsWith('1 read, 1 erased again')) broken.push(replayed.output)
    say(`6. erasures replay: ${replayed.output}`)
    broken.push(...(await verifyAudit(stand, restoredUrl)))
    broken.push(...(await judge({ stand, restoredUrl, ledger, erased, later })))
    say(
      '7. a server on it: every write of the ledger is there, once; the erased account is erased; what came later is not there',
    )
    return broken
  })
}

async function backUp(postgres: Postgres, from: string, to: string): Promise<void> {
  await postgres.as(async (sql) => {
    await sql`select pg_backup_start('drill', true)`
    copyDataDirectory(from, to)
    const [row] = await sql<{ labelfile: string }[]>`select labelfile from pg_backup_stop()`
    writeFileSync(join(to, 'backup_label'), row?.labelfile ?? '')
  })
}

/**
 * Archives all WAL, so that nothing committed is only on the lost host: losses without an archive are described in
 * docs/reliability.md.
 */
async function archiveAll(postgres: Postgres): Promise<void> {
  await postgres.as(async (sql) => {
    const [row] = await sql<{ name: string }[]>`select pg_walfile_name(pg_switch_wal()) as name`
    for (;;) {
      const [last] = await sql<{ name: string | null }[]>`select last_archived_wal as name from pg_stat_archiver`
      if ((last?.name ?? '') >= (row?.name ?? '')) return
      await Bun.sleep(20)
    }
  })
}

type Backup = { base: string; archive: string; moment: string }

async function restore({ base, archive, moment }: Backup, to: string, signal: AbortSignal): Promise<Postgres> {
  mkdirSync(to)
  copyDataDirectory(base, join(to, 'postgres'))
  writeFileSync(join(to, 'postgres', 'recovery.signal'), '')
  const postgres = await openPostgres(to, {
    restore_command: `cp ${archive}/%f %p`,
    recovery_target_time: moment,
    recovery_target_action: 'promote',
  })
  const isPrimary = async () => {
    const [row] = await postgres.as((sql) => sql<{ standby: boolean }[]>`select pg_is_in_recovery() as standby`)
    return row?.standby === false
  }
  await until(isPrimary, { seconds: 120, what: 'the restore comes to its moment', signal })
  return postgres
}

type Tokens = { accessToken: string; refreshToken: string }
type Registered = Tokens & { email: string }

type Restored = {
  stand: Stand
  restoredUrl: string
  ledger: Parameters<typeof compare>[0]
  erased: Registered
  later: Registered
}

async function judge({ stand, restoredUrl, ledger, erased, later }: Restored): Promise<string[]> {
  const logIn = async (url: string, { email }: Registered) => {
    const answer = await call(url, '/v1/auth/login', { json: { email, password } })
    return typeof answer === 'string' ? answer : answer.status
  }
  return withUndo(async (defer) => {
    const server = await stand.startServer({ DATABASE_URL: restoredUrl })
    defer(() => server.kill())
    const { lost, doubled } = await compare(ledger, restoredUrl, server.url)
    const broken = [...lost.map((what) => `lost: ${what}`), ...doubled.map((what) => `doubled: ${what}`)]
    if ((await logIn(server.url, erased)) === 200) broken.push('an account that was erased came back')
    if ((await logIn(server.url, later)) === 200) broken.push('what happened after the moment is there')
    const secrets = { JWT_SECRET: crypto.randomUUID().repeat(3), JWT_REFRESH_SECRET: crypto.randomUUID().repeat(3) }
    const anew = await stand.startServer({ DATABASE_URL: restoredUrl, ...secrets })
    defer(() => anew.kill())
    const [person] = ledger.people
    const answer = await call(anew.url, '/v1/auth/refresh', { json: { refreshToken: person?.refreshToken } })
    if (typeof answer === 'string' || answer.status !== 401)
      broken.push('a session of before lives on under new secrets')
    return broken
  })
}

/** The last checkpoint line of a log; null where there is none yet. */
function checkpointOf(log: string): string | null {
  return log.split('\n').findLast((line) => line.includes('"audit checkpoint"')) ?? null
}
