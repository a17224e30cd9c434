import postgres from 'postgres'
import { scramVerifier } from './scram.ts'
import type { Tls } from './tls.ts'

/** Key of the advisory lock that serialises runs; any constant. */
const lockKey = 360_360_002
const duplicateRole = '42710'

type Options = {
  /** The URL of a role that may create roles and databases, such as the one that a managed database comes with. */
  adminUrl: string
  /** The URLs of the owner's role and the server's, with the passwords to set. */
  ownerUrl: string
  serverUrl: string
  ssl?: Tls
  log?: (line: string) => void
}

type Login = { role: string; verifier: string; database: string; host: string }

/**
 * Creates the owner's role, the server's role and the database where they are missing, and sets both passwords; a
 * repeat changes the passwords. `migrate` grants the rights of the server's role.
 * @throws Error that names what must be changed first
 */
export async function createRoles({ adminUrl, ownerUrl, serverUrl, ssl = 'disable', log = () => {} }: Options) {
  const owner = readLogin(ownerUrl, 'DATABASE_MIGRATION_URL')
  const server = readLogin(serverUrl, 'DATABASE_URL')
  if (owner.role === server.role) throw new Error('DATABASE_MIGRATION_URL and DATABASE_URL must name two roles')
  if (owner.database !== server.database || owner.host !== server.host)
    throw new Error('DATABASE_MIGRATION_URL and DATABASE_URL must name the same database')
  const sql = postgres(adminUrl, {
    max: 1,
    ssl: ssl === 'disable' ? false : ssl,
    onnotice: () => {},
    connect_timeout: 10,
    connection: { application_name: 'manas360-create-roles', search_path: 'pg_catalog, pg_temp' },
  })
  try {
    await sql`select pg_advisory_lock(${lockKey})`
    for (const login of [owner, server]) log(await setRole(sql, login))
    log(await setDatabase(sql, owner))
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function readLogin(text: string, variable: string): Login {
  const { username, password, pathname, host } = new URL(text)
  const [role, secret, database] = [username, password, pathname.slice(1)].map(decodeURIComponent)
  if (!role || !database) throw new Error(`${variable}: must name a role and a database`)
  try {
    return { role, verifier: scramVerifier(secret ?? ''), database, host }
  } catch (error) {
    throw new Error(`${variable}: ${error instanceof Error ? error.message : error}`)
  }
}

/** @returns a description of what was done */
async function setRole(sql: postgres.Sql, { role, verifier }: Login): Promise<string> {
  const password = sql.unsafe(`'${verifier}'`)
  const [known] = await findRole(sql, role)
  if (known?.isAdmin) throw new Error(`${role} is the role of DATABASE_ADMIN_URL: the service needs roles of its own`)
  if (known?.rolsuper) throw new Error(`${role} is a superuser: the service needs roles that are none`)
  if (!known)
    try {
      await sql`create role ${sql(role)} login password ${password}`
      return `${role}: made`
    } catch (error) {
      // A concurrent run, for another database of the same server, made the role.
      if (!(error instanceof postgres.PostgresError) || error.code !== duplicateRole) throw error
    }
  await sql`alter role ${sql(role)} login password ${password}`
  return `${role}: password set`
}

function findRole(sql: postgres.Sql, role: string) {
  return sql<{ rolsuper: boolean; isAdmin: boolean }[]>`
    select rolsuper, rolname in (current_user, session_user) as "isAdmin" from pg_roles where rolname = ${role}`
}

/**
 * Creates the database, or changes its owner where the administrator owns it. @returns a description of what was done
 */
async function setDatabase(sql: postgres.Sql, { role, database }: Login): Promise<string> {
  const [known] = await sql<{ owner: string; isAdmins: boolean }[]>`
    select pg_get_userbyid(datdba) as owner, datdba = current_user::regrole as "isAdmins" from pg_database where datname = ${database}`
  if (known?.owner === role) return `${database}: belongs to ${role}`
  if (known && !known.isAdmins)
    throw new Error(`the database ${database} belongs to ${known.owner}, and not to the role of DATABASE_ADMIN_URL`)
  return asMember(sql, role, async () => {
    if (known) await sql`alter database ${sql(database)} owner to ${sql(role)}`
    else await sql`create database ${sql(database)} owner ${sql(role)} encoding 'UTF8' template template0`
    return `${database}: ${known ? 'given to' : 'made for'} ${role}`
  })
}

/**
 * Runs `work` as a member of the role: only a member may make it the owner of a database. The membership ends
 * afterwards.
 */
async function asMember<T>(sql: postgres.Sql, role: string, work: () => Promise<T>): Promise<T> {
  const [version] = await sql<{ number: number }[]>`select current_setting('server_version_num')::int as number`
  const right = (version?.number ?? 0) >= 160_000 ? 'SET' : 'MEMBER'
  const [is] = await sql<{ already: boolean }[]>`select pg_has_role(current_user, ${role}, ${right}) as already`
  if (is?.already) return work()
  await sql`grant ${sql(role)} to current_user`
  try {
    return await work()
  } finally {
    await sql`revoke ${sql(role)} from current_user`
  }
}
