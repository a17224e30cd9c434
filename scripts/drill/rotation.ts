import { createHmac, randomBytes } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeySet, rotateKeySet } from '../../src/crypto/key-rotation.ts'
import { openCluster } from '../cluster/cluster.ts'
import type { Environment } from '../cluster/instance.ts'
import { Skipped, withUndo } from '../faults/case.ts'
import { shortRestMs, startClients } from '../faults/clients.ts'
import { startGated } from '../faults/gated.ts'
import { acknowledgedWrites } from '../faults/ledger.ts'
import { openPostgres, type Postgres } from '../faults/postgres.ts'
import type { Stand } from '../faults/stand.ts'
import { compare } from '../faults/truth.ts'
import { busy, isOfLoad, registerGated, verifyAudit } from '../faults/under-traffic.ts'
import type { Say } from './backup.ts'

const secret = () => randomBytes(48).toString('base64url')
const now = () => Math.floor(Date.now() / 1000)

/** The variables of the initial deployment and of the three steps of a rotation. */
type Deployments = { before: Environment; added: Environment; swapped: Environment; dropped: Environment }

const instances = 3

/**
 * Rehearses the rotation of every secret, by the steps of docs/reliability.md, in three rolling deployments of three
 * servers behind haproxy under traffic: no request is refused, fails or breaks off, and nobody is logged out.
 * @returns the guarantees that failed; empty: none
 * @throws Skipped without haproxy
 */
export function rehearseRotation(stand: Stand, say: Say): Promise<string[]> {
  if (!Bun.which('haproxy')) throw new Skipped('haproxy is not installed (apt-get install haproxy)')
  return withUndo(async (defer) => {
    const { signal, environment } = stand
    const postgres = await openPostgres(join(stand.directory, 'rotation'))
    defer(postgres.stop)
    await stand.prepare(postgres)
    const databaseUrl = await stand.createDatabase(postgres)
    const [oldRole, newRole] = [await createRole(stand, postgres, 'one'), await createRole(stand, postgres, 'two')]
    const as = (role: Role) => toUrl(databaseUrl, role)
    const { before, added, swapped, dropped } = await planOf(environment, as(oldRole), as(newRole))
    const cluster = await openCluster({
      instances,
      databaseUrl: as(oldRole),
      environment: { ...environment, ...before },
      command: stand.command,
    })
    defer(cluster.stop)
    let bearer = await registerGated(cluster.url)
    const gated = startGated(
      () => cluster.url,
      () => bearer,
      50,
    )
    defer(gated.stop)
    const broken: string[] = []
    let events = 0

    /** One rolling deployment, under traffic of clients that record every answer. */
    async function deploy(own: Environment, webhookSecrets: string[]): Promise<void> {
      const clients = startClients({
        address: () => cluster.url,
        clients: 3,
        administrator: stand.administrator,
        restMs: shortRestMs,
      })
      try {
        await busy(clients, signal)
        await cluster.rollingRestart(own)
        for (const key of webhookSecrets) {
          const status = await sendEvent(cluster.url, key, `evt_${++events}`)
          if (status !== 200) broken.push(`a webhook under a secret that is valid was answered ${status}`)
        }
        await busy(clients, signal)
        const ledger = await clients.stop()
        for (const [what, count] of ledger.errors)
          if (!isOfLoad(what)) broken.push(`${count} writes were answered: ${what}`)
        const { lost, doubled } = await compare(ledger, databaseUrl, cluster.url)
        broken.push(...ledger.burnt, ...lost, ...doubled)
        say(
          `   ${acknowledgedWrites(ledger)} writes acknowledged, ${[...ledger.errors.values()].length} kinds of failures`,
        )
      } finally {
        await clients.abandon()
      }
    }

    const [oldHook = '', newHook = ''] = [before.STRIPE_WEBHOOK_SECRET, dropped.STRIPE_WEBHOOK_SECRET]
    say(
      '1. the new JWT key and refresh secret are accepted; audit key, data key, OPS_TOKEN, database role are the new ones; webhooks of both',
    )
    await deploy(added, [oldHook, newHook])
    say('2. the new JWT key and refresh secret sign')
    await deploy(swapped, [oldHook, newHook])
    say('3. keys reencrypt; everybody has tokens of the new keys; what is old is dropped, the old database role too')
    const reencrypted = await stand.run(['keys', 'reencrypt'], { ...swapped, DATABASE_URL: databaseUrl })
    if (reencrypted.code !== 0) broken.push(reencrypted.output)
    bearer = await registerGated(cluster.url)
    await deploy(dropped, [newHook])
    if ((await sendEvent(cluster.url, oldHook, 'evt_old')) === 200)
      broken.push('a webhook under the old secret is believed')
    broken.push(...(await dropRole(postgres, databaseUrl, oldRole)))
    await gated.stop()
    const { answered, failed } = gated.take()
    for (const [what, count] of failed) broken.push(`${count} authorised requests were answered: ${what}`)
    say(`   ${answered} authorised requests meanwhile, all 200 but ${[...failed.values()].reduce((a, b) => a + b, 0)}`)
    const keys = { AUDIT_KEY: dropped.AUDIT_KEY ?? '', AUDIT_KEY_PREVIOUS: dropped.AUDIT_KEY_PREVIOUS ?? '' }
    broken.push(
      ...(await verifyAudit({ ...stand, run: (args, own) => stand.run(args, { ...keys, ...own }) }, databaseUrl)),
    )
    say('4. audit verify, over rows of both keys')
    return broken
  })
}

async function planOf(environment: Environment, oldUrl: string, newUrl: string): Promise<Deployments> {
  const first = await generateKeySet('ES256', now())
  const { set: withNew } = await rotateKeySet(JSON.stringify(first), now())
  const { set: moved } = await rotateKeySet(JSON.stringify(withNew), now())
  const { set: alone } = await rotateKeySet(JSON.stringify(moved), now())
  const keys = (set: unknown) => ({ JWT_ALGORITHM: 'ES256', JWT_KEYS: JSON.stringify(set) })
  const { JWT_REFRESH_SECRET: oldRefresh = '', AUDIT_KEY: oldAudit = '', DATA_KEY: oldData = '' } = environment
  const [refresh, audit, data, hooks] = [secret(), secret(), secret(), [secret(), secret()] as const]
  const billing = { BILLING_PROVIDERS: 'stripe', STRIPE_SECRET_KEY: 'sk_test_of_the_drill' }
  const atOnce = {
    AUDIT_KEY: audit,
    AUDIT_KEY_PREVIOUS: oldAudit,
    DATA_KEY: data,
    DATA_KEY_PREVIOUS: oldData,
    OPS_TOKEN: secret(),
    DATABASE_URL: newUrl,
    STRIPE_WEBHOOK_SECRET: `${hooks[1]},${hooks[0]}`,
  }
  return {
    before: { ...billing, ...keys(first), DATABASE_URL: oldUrl, OPS_TOKEN: secret(), STRIPE_WEBHOOK_SECRET: hooks[0] },
    added: { ...atOnce, ...keys(withNew), JWT_REFRESH_SECRET_PREVIOUS: refresh },
    swapped: { ...atOnce, ...keys(moved), JWT_REFRESH_SECRET: refresh, JWT_REFRESH_SECRET_PREVIOUS: oldRefresh },
    dropped: {
      ...atOnce,
      ...keys(alone),
      JWT_REFRESH_SECRET: refresh,
      DATA_KEY_PREVIOUS: '',
      STRIPE_WEBHOOK_SECRET: hooks[1],
    },
  }
}

type Role = { name: string; password: string }

/** A role that logs in by its password alone, with the rights of the server's role. */
async function createRole(stand: Stand, postgres: Postgres, suffix: string): Promise<Role> {
  const role = { name: `server_${suffix}`, password: secret() }
  const hba = join(stand.directory, 'rotation', 'postgres', 'pg_hba.conf')
  const rules = readFileSync(hba, 'utf8')
  writeFileSync(hba, `host all ${role.name} 127.0.0.1/32 scram-sha-256\n`)
  appendFileSync(hba, rules)
  await postgres.as(async (sql) => {
    await sql.unsafe(`create role ${role.name} login password '${role.password}'`)
    await sql.unsafe(`grant pg_read_all_data, pg_write_all_data to ${role.name}`)
    await sql`select pg_reload_conf()`
  })
  return role
}

function toUrl(databaseUrl: string, { name, password }: Role): string {
  const url = new URL(databaseUrl)
  url.username = name
  url.password = password
  return url.href
}

/** Drops a role that no connection uses any more. */
async function dropRole(postgres: Postgres, databaseUrl: string, { name }: Role): Promise<string[]> {
  const database = new URL(databaseUrl).pathname.slice(1)
  const [row] = await postgres.as(
    (sql) => sql<{ count: number }[]>`
    select count(*)::int from pg_stat_activity where usename = ${name} and datname = ${database}`,
  )
  await postgres.as((sql) => sql.unsafe(`drop role ${name}`))
  return row?.count ? [`${row.count} connections still use the old database role`] : []
}

/** Sends an event signed like Stripe's. @see https://docs.stripe.com/webhooks/signature */
async function sendEvent(url: string, key: string, id: string): Promise<number | string> {
  const body = JSON.stringify({
    id,
    object: 'event',
    type: 'invoice.paid',
    created: now(),
    data: { object: { id: 'in_1', object: 'invoice' } },
  })
  const at = now()
  const signature = createHmac('sha256', key).update(`${at}.${body}`).digest('hex')
  const response = await fetch(`${url}/v1/billing/webhooks/stripe`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Stripe-Signature': `t=${at},v1=${signature}` },
    body,
  })
  return response.status
}
