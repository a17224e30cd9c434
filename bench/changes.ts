import type postgres from 'postgres'

/** A request that needs no query, whatever its answer. */
export type Probe = { method: string; path: string; json?: unknown }
export type Fleet = {
  /** Sends a request to one of the instances, by number. @throws Error unless it succeeds */
  ask<T>(through: number, method: string, path: string, bearer: string, json?: unknown): Promise<T>
  root: string
  sql: postgres.Sql
}
/** A change of somebody's rights that is ready to be made through an instance. */
export type Change = {
  name: string
  /** A token that the change concerns. */
  bearer: string
  make(through: number): Promise<unknown>
  probe: Probe
  /** Whether an answer with this status shows the change. */
  isObeyed(status: number): boolean
  /** The account that is changed; null: the catalogue. */
  accountId: string | null
}
/** Prepares changes one after the other, each undoing what would prevent the next. */
export type ChangeSource = () => Promise<Change>

type Subject = { id: string; email: string; bearer: string }

const gated = (feature: string): Probe => ({ method: 'GET', path: `/v1/entitlements/${feature}` })
const password = 'seven quiet herons at dawn'

/** Every kind of change, each on accounts of its own. */
export async function createChangeSources(fleet: Fleet): Promise<ChangeSource[]> {
  const { ask, root, sql } = fleet
  const admin = (through: number, method: string, path: string, json?: unknown) =>
    ask(through, method, `/v1/admin${path}`, root, json)

  async function newSubject(plan = 'free'): Promise<Subject> {
    const email = `${crypto.randomUUID()}@bench.test`
    const { user, accessToken } = await ask<Session>(0, 'POST', '/v1/auth/register', '', { email, password })
    if (plan !== 'free') await admin(0, 'PUT', `/users/${user.id}/subscription`, { plan, reason: 'bench' })
    return { id: user.id, email, bearer: accessToken }
  }

  /** The old token remains in use, as with clients that refresh late. */
  async function signIn({ email }: Subject): Promise<string> {
    return (await ask<Session>(0, 'POST', '/v1/auth/login', '', { email, password })).accessToken
  }

  async function lockLane(): Promise<ChangeSource> {
    const subject = await newSubject()
    const users = `/users/${subject.id}`
    return async () => {
      const [row] = await sql`select 1 from user_accounts where id = ${subject.id} and status = 'locked'`
      if (row) await admin(0, 'POST', `${users}/unlock`)
      return {
        name: 'lock',
        bearer: await signIn(subject),
        make: (through) => admin(through, 'POST', `${users}/lock`, { reason: 'bench' }),
        probe: gated('api_access'),
        isObeyed: (status) => status === 401,
        accountId: subject.id,
      }
    }
  }

  async function logOutLane(): Promise<ChangeSource> {
    const subject = await newSubject()
    return async () => {
      const bearer = await signIn(subject)
      return {
        name: 'log-out everywhere',
        bearer,
        make: (through) => ask(through, 'POST', '/v1/auth/logout-all', bearer),
        probe: gated('api_access'),
        isObeyed: (status) => status === 401,
        accountId: subject.id,
      }
    }
  }

  /** Alternates between two states of an account. */
  async function toggle(
    subject: Subject,
    names: [string, string],
    make: (through: number, up: boolean) => Promise<unknown>,
    probe: Probe,
    accountId: string | null = subject.id,
  ): Promise<ChangeSource> {
    let up = false
    return async () => {
      up = !up
      const wanted = up
      return {
        name: wanted ? names[1] : names[0],
        bearer: subject.bearer,
        make: (through) => make(through, wanted),
        probe,
        isObeyed: (status) => (status === 403) !== wanted && status !== 401,
        accountId,
      }
    }
  }

  const [ranked, paying, favoured, starter] = [
    await newSubject(),
    await newSubject(),
    await newSubject(),
    await newSubject('starter'),
  ]
  await admin(0, 'PUT', `/users/${ranked.id}/role`, { role: 'guest' })
  const { features } = await ask<{ features: { name: string }[] }>(0, 'GET', '/v1/plans/starter', '')
  const included = features.filter(({ name }) => name !== 'sso_oauth').map(({ name }) => ({ name }))
  await admin(0, 'PUT', '/plans/starter/features', { features: included })
  return [
    await lockLane(),
    await logOutLane(),
    await toggle(
      ranked,
      ['role down', 'role up'],
      (through, up) => admin(through, 'PUT', `/users/${ranked.id}/role`, { role: up ? 'user' : 'guest' }),
      // With the permission the body is refused instead.
      { method: 'PATCH', path: '/v1/me', json: { no: 'such field' } },
    ),
    await toggle(
      paying,
      ['plan down', 'plan up'],
      (through, up) =>
        admin(through, 'PUT', `/users/${paying.id}/subscription`, {
          plan: up ? 'professional' : 'free',
          reason: 'bench',
        }),
      gated('premium_dashboard'),
    ),
    await toggle(
      favoured,
      ['override: refused', 'override: granted'],
      (through, granted) =>
        admin(through, 'PUT', `/users/${favoured.id}/features/white_label`, { granted, reason: 'bench' }),
      gated('white_label'),
    ),
    await toggle(
      starter,
      ['plan edited: less', 'plan edited: more'],
      (through, more) =>
        admin(through, 'PUT', '/plans/starter/features', {
          features: [...included, ...(more ? [{ name: 'sso_oauth' }] : [])],
        }),
      gated('sso_oauth'),
      null,
    ),
  ]
}

type Session = { user: { id: string }; accessToken: string }
