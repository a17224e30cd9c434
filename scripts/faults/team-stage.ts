import postgres from 'postgres'
import { call } from './call.ts'
import { password } from './clients.ts'
import { register, type Scene } from './under-traffic.ts'
import { until } from './wait.ts'

export type Person = { id: string; email: string; password: string; bearer: string }

/** The number of people who compete for seats, beside the owners. */
const peopleInAll = 6

/** Two owners with a team and a plan of three seats each, and people with verified addresses. */
export async function openTeamStage({ databaseUrl, server, stand }: Scene) {
  const sql = postgres(databaseUrl, { max: 4, transform: postgres.toCamel, connect_timeout: 2, onnotice: () => {} })
  const administrator: Person = { id: '', ...stand.administrator, bearer: '' }
  const waiting = (what: string) => ({ seconds: 60, what, signal: stand.signal })

  async function logIn(person: Person): Promise<boolean> {
    const { email, password: own } = person
    const answer = await call(server().url, '/v1/auth/login', { json: { email, password: own } })
    if (typeof answer === 'string' || answer.status !== 200) return false
    person.bearer = (answer.body as { accessToken: string }).accessToken
    return true
  }

  async function succeeds(path: string, method: string, { bearer }: Person, json: object): Promise<boolean> {
    const answer = await call(server().url, path, { method, bearer, json })
    return typeof answer !== 'string' && answer.status === 200
  }

  async function enter(): Promise<Person> {
    const made = await register<{ user: { id: string }; accessToken: string }>(server().url, 'team')
    await sql`update user_accounts set email_verified_at = clock_timestamp() where id = ${made.user.id}`
    return { id: made.user.id, email: made.email, password, bearer: made.accessToken }
  }

  async function enterOwner(): Promise<Person> {
    const owner = await enter()
    const grant = { plan: 'trio', reason: 'a fault' }
    // The server reads the new plan within moments.
    const granted = () => succeeds(`/v1/admin/users/${owner.id}/subscription`, 'PUT', administrator, grant)
    await until(granted, waiting('an owner has a plan'))
    await until(() => succeeds('/v1/team', 'PATCH', owner, { name: 'A team' }), waiting('an owner has a team'))
    return owner
  }

  try {
    await sql`
      insert into subscription_plans (name, display_name, description, tier, max_users)
      values ('trio', 'Trio', '', 60, 3), ('quintet', 'Quintet', '', 61, 5)`
    await sql`
      insert into plan_features (plan, feature) values ('trio', 'team_collaboration'), ('quintet', 'team_collaboration')`
    await sql.begin((tx) => tx`select record_catalogue_change()`)
    await until(() => logIn(administrator), waiting('the administrator is signed in'))
    const owners = [await enterOwner(), await enterOwner()]
    const people: Person[] = []
    while (people.length < peopleInAll) people.push(await enter())
    return {
      sql,
      administrator,
      owners,
      people,
      logIn,
      /**
       * Stores an open invitation with a known link, because an address gets at most three mails of a team. @returns
       * whether it was stored
       */
      invite: ({ id }: Person, { email }: Person, hash: Buffer): Promise<boolean> =>
        sql`
          insert into team_invitations (id, team_id, email, token_hash, expires_at)
          select uuid_v7(), t.id, ${email}, ${hash}, clock_timestamp() + interval '1 hour' from teams t where t.owner_id = ${id}
          on conflict (team_id, email) do update set token_hash = excluded.token_hash, expires_at = excluded.expires_at`.then(
          ({ count }) => count === 1,
          () => false,
        ),
      close: () => sql.end({ timeout: 1 }),
    }
  } catch (error) {
    await sql.end({ timeout: 1 })
    throw error
  }
}
