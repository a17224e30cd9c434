import postgres from 'postgres'
import { call } from '../call.ts'
import type { Case } from '../case.ts'
import { register, type Scene, underTraffic } from '../under-traffic.ts'
import { until } from '../wait.ts'

type Payer = { accountId: string; plan: string }

export const paymentsFailing: Case = {
  name: 'payments-failing',
  about: 'people pay; the provider’s messages are lost, or the server is killed as soon as it has the money, in turn',
  times: { short: 2, long: 20 },
  run: (stand, options) => {
    const payers: Payer[] = []
    return underTraffic(stand, options, {
      // Payers ask once: no deadline is theirs.
      environment: { BILLING_PROVIDERS: 'sandbox', REQUEST_TIMEOUT_MS: '60000', DB_STATEMENT_TIMEOUT_MS: '30000' },
      stopsServer: true,
      async inject(scene, time) {
        const losesMessages = time % 2 === 0
        await deliver(scene, !losesMessages)
        payers.push(await pay(scene))
        if (!losesMessages) {
          await scene.server().kill()
          await endLeases(scene)
          await scene.restartServer()
        }
        return null
      },
      async judge(scene) {
        await deliver(scene, true)
        return judge(scene, payers)
      },
    })
  },
}

/** Sets whether the sandbox sends its webhooks. */
function deliver(scene: Scene, delivers: boolean): Promise<unknown> {
  return onDatabase(
    scene,
    (sql) => sql`
      insert into sandbox_objects (id, kind, data) values ('settings', 'settings', ${sql.json({ id: 'settings', offsetMs: 0, delivers })})
      on conflict (id) do update set data = excluded.data`,
  )
}

/** Ends all leases, as after the minute and a half for which a dead server may hold them. */
function endLeases(scene: Scene): Promise<unknown> {
  return onDatabase(scene, async (sql) => {
    await sql`update billing_accounts set leased_until = clock_timestamp() where leased_until > clock_timestamp()`
    await sql`update billing_events set leased_until = clock_timestamp() where leased_until > clock_timestamp()`
    await sql`update billing_tasks set leased_until = clock_timestamp() where leased_until > clock_timestamp()`
  })
}

/** Pays for a plan whose trial was used. Resolves when the provider has the money. */
async function pay(scene: Scene): Promise<Payer> {
  const { url } = scene.server()
  const plan = 'professional'
  const { user, accessToken: bearer } = await register<{ user: { id: string }; accessToken: string }>(url, 'payer')
  await onDatabase(scene, (sql) => sql`insert into trials (account_id, plan) values (${user.id}, ${plan})`)
  const { checkoutUrl } = await done<{ checkoutUrl: string }>(
    call(url, '/v1/subscription', { bearer, json: { plan, interval: 'month' } }),
  )
  const paid = await fetch(`${url}${new URL(checkoutUrl).pathname}`, {
    method: 'POST',
    body: new URLSearchParams({ action: 'pay' }),
    redirect: 'manual',
  })
  if (paid.status !== 303) throw new Error(`nobody can pay: ${paid.status}`)
  return { accountId: user.id, plan }
}

/** Checks that everybody who paid has the plan, and paid once. */
async function judge(scene: Scene, payers: Payer[]): Promise<string[]> {
  const { signal } = scene.stand
  return onDatabase(scene, async (sql) => {
    /** Skips the day after which an account is synchronised again. */
    const hasAll = async (): Promise<boolean> => {
      await sql`update billing_accounts set due_at = clock_timestamp() where due_at > clock_timestamp() + interval '1 second'`
      await Bun.sleep(200)
      return (await listFaults(sql, payers)).every((fault) => !fault.includes('has not'))
    }
    await until(hasAll, { seconds: 60, what: 'who paid has their plan', signal }).catch(() => {})
    return listFaults(sql, payers)
  })
}

async function listFaults(sql: postgres.Sql, payers: Payer[]): Promise<string[]> {
  const rows = await sql<{ accountId: string; plan: string; charges: number }[]>`
    select a.id as account_id, s.plan, (select count(*)::int from payments p where p.account_id = a.id) as charges
      from user_accounts a join user_subscriptions s on s.account_id = a.id and s.ended_at is null
     where a.email like 'payer.%'`
  const found = new Map(rows.map((row) => [row.accountId, row]))
  return payers.flatMap(({ accountId, plan }) => {
    const row = found.get(accountId)
    if (row?.plan !== plan || row.charges === 0) return [`${accountId} paid for ${plan} and has not got it`]
    return row.charges > 1 ? [`${accountId} paid once, and ${row.charges} payments stand there`] : []
  })
}

async function done<T>(answering: ReturnType<typeof call>): Promise<T> {
  const answer = await answering
  if (typeof answer === 'string' || answer.status >= 300)
    throw new Error(`a payer is refused: ${JSON.stringify(answer)}`)
  return answer.body as T
}

async function onDatabase<T>(scene: Scene, work: (sql: postgres.Sql) => PromiseLike<T>): Promise<T> {
  const sql = postgres(scene.databaseUrl, { max: 1, transform: postgres.toCamel, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
  }
}
