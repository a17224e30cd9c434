import { afterAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { migrate } from '../../src/db/migrate.ts'
import { listExcessRights, listForeignObjects } from '../../src/db/schema-rights.ts'
import { MigrationError } from '../../src/db/schema-version.ts'

const name = `paths_${crypto.randomUUID().slice(0, 8)}`
const [owner, server] = [`${name}_owner`, `${name}_server`]
const outside = postgres(process.env.TEST_DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
const opened: postgres.Sql[] = []
const urlAs = (role: string) => {
  const url = new URL(process.env.TEST_DATABASE_URL ?? '')
  if (role) url.username = role
  url.pathname = `/${name}`
  return url.href
}
function connectAs(role: string): postgres.Sql {
  const sql = postgres(urlAs(role), { max: 1, onnotice: () => {} })
  opened.push(sql)
  return sql
}
await outside.unsafe(`create role ${owner} login; create role ${server} login`)
await outside.unsafe(`create database ${name} owner ${owner}`)
afterAll(async () => {
  await Promise.all(opened.map((sql) => sql.end({ timeout: 1 })))
  await outside.unsafe(`drop database if exists ${name} with (force)`)
  await outside.unsafe(`drop role if exists ${server}; drop role if exists ${owner}`)
  await outside.end()
})
await migrate({ url: urlAs(owner), serverRole: server })
const [administrator, asOwner, asServer] = [connectAs(''), connectAs(owner), connectAs(server)]
const migrateAgain = (log?: (line: string) => void) => migrate({ url: urlAs(owner), serverRole: server, log })

/** Our functions: those of extensions are theirs. */
const functions = await asOwner<
  { name: string; definer: boolean; config: string[] | null; body: string; open: boolean }[]
>`
  select p.oid::regprocedure::text as name, p.prosecdef as definer, p.proconfig as config, p.prosrc as body,
         has_function_privilege('public', p.oid, 'EXECUTE') as open
    from pg_proc p where p.pronamespace = 'public'::regnamespace
     and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`

describe('every function of the schema', () => {
  test.each(functions)('$name fixes where names are looked up, and that days are of UTC', ({ config }) => {
    expect(config).toEqual(expect.arrayContaining(['search_path=pg_catalog, pg_temp', 'TimeZone=UTC']))
  })

  test.each(functions)('$name names every relation and function of ours with its schema', async ({ body }) => {
    const relations = await asOwner<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm')`
    const code = body.replace(/--.*/g, '')
    const bare = [
      ...relations.filter((row) =>
        new RegExp(`\\b(?:from|join|update|into|using|concurrently) ${row.name}\\b`).test(code),
      ),
      ...functions.filter((row) => new RegExp(`(?<![.\\w])${row.name.replace(/\(.*/, '')}\\(`).test(code)),
    ]
    expect(bare.map((row) => row.name)).toEqual([])
  })

  test('that has the rights of the owner is granted by name, never to everybody', () => {
    expect(functions.filter(({ definer, open }) => definer && open)).toEqual([])
    expect(functions.filter(({ definer }) => definer).length).toBeGreaterThan(4)
  })
})

/** What the server's role lays out where PUBLIC may create, as before PostgreSQL 15: each better fitting than what was meant. */
const traps = `
  create table loot (who text, how text);
  grant insert on loot to public;
  create function spring(how text) returns void language sql as 'insert into public.loot values (current_user, how)';
  create function to_jsonb(bigint) returns jsonb language sql as $$ select public.spring('to_jsonb'); select 'null'::jsonb $$;
  create function to_jsonb(integer) returns jsonb language sql as $$ select public.spring('to_jsonb'); select 'null'::jsonb $$;
  create function make_interval(secs integer) returns interval language sql as $$ select public.spring('make_interval'); select interval '0' $$;
  create function same(slug, slug) returns boolean language sql as $$ select public.spring('='); select true $$;
  create function same(slug, text) returns boolean language sql as $$ select public.spring('='); select true $$;
  create function same(permission_name, permission_name) returns boolean language sql as $$ select public.spring('='); select true $$;
  create operator = (leftarg = slug, rightarg = slug, function = same);
  create operator = (leftarg = slug, rightarg = text, function = same);
  create operator <> (leftarg = slug, rightarg = slug, function = same);
  create operator <> (leftarg = slug, rightarg = text, function = same);
  create operator = (leftarg = permission_name, rightarg = permission_name, function = same);`
const shadows = [
  'user_accounts', 'sessions', 'tokens', 'lockouts', 'login_attempts', 'authz_changes', 'idempotency_keys', 'roles',
  'user_subscriptions', 'account_features', 'audit_logs', 'audit_queue', 'audit_archive', 'job_runs', 'quota_leases', 'quota_usage', 'teams', 'team_members', 'unsettled_teams',
] // biome-ignore format: one list
const jobNames = [
  'forget-successors',
  'forget-uses',
  'end-expired',
  'settle-teams',
  'refresh-views',
  'purge-expired',
  'archive-audit',
]

describe('where PUBLIC may create in the schema, as before PostgreSQL 15', () => {
  test('what the server lays out there is never run as the owner', async () => {
    await administrator.unsafe('grant create on schema public to public')
    await asServer.unsafe(traps)
    const due = crypto.randomUUID()
    await asOwner.begin(async (tx) => {
      await tx`insert into user_accounts (id, email, password_hash, role) values (${due}, ${`${due}@example.com`}, '$argon2id$x', 'subscriber')`
      await tx`
        insert into user_subscriptions (id, account_id, plan, status, current_period_end)
        values (${due}, ${due}, 'starter', 'active', clock_timestamp() - interval '1 hour')`
    })
    for (const table of shadows) await asServer.unsafe(`create temp table ${table} (like public.${table})`)
    for (const job of jobNames) expect(await asServer`select public.run_job(${job}) as result`).toHaveLength(1)
    await asServer`select public.refresh_views(), public.end_expired(), public.purge_expired(), public.forget_successors(), public.archive_audit()`
    // And the triggers that whoever owns the tables sets off.
    await asOwner`update roles set description = 'Another' where name::text = 'user'`
    await asOwner`update public.user_accounts set role = 'superadmin' where id = ${due}`
    await asOwner`select record_authz_change(${due}), record_catalogue_change()`
    expect(await administrator`select who, how from public.loot where who <> ${server}`).toEqual([] as never)
    // What the owner's rights were borrowed for was done to the real tables.
    const [settled] = await asOwner`select status from public.user_subscriptions where id = ${due}`
    expect(settled).toEqual({ status: 'expired' })
  })

  test('which they would be by a function that looks names up in the schema: the traps are good', async () => {
    await asOwner.unsafe(`
      create function careless() returns jsonb language plpgsql security definer set search_path = public, pg_temp as $$
      begin
        perform 1 from roles r join public.user_accounts a on r.name = a.role where r.name <> 'guest'::text;
        perform make_interval(secs => 1);
        return to_jsonb(1::bigint);
      end $$`)
    await asServer`select careless()`
    await asOwner`drop function careless()`
    expect(await administrator`select distinct how from public.loot where who = ${owner} order by how`).toEqual([
      { how: '=' },
      { how: 'make_interval' },
      { how: 'to_jsonb' },
    ] as never)
  })

  test('migrating is refused while anything of it is there, and closes the schema once it is gone', async () => {
    expect((await listForeignObjects(asOwner, server)).length).toBeGreaterThan(10)
    const refused = await migrateAgain().catch((error: Error) => error)
    expect(refused).toBeInstanceOf(MigrationError)
    expect(String(refused)).toContain(`operator =(slug,slug) (of ${server})`)
    await asServer.unsafe('discard temp')
    await administrator.unsafe(`drop owned by ${server} cascade; grant usage, create on schema public to ${server}`)
    await migrateAgain()
    expect(await asServer`select has_schema_privilege('public', 'CREATE') as may`).toEqual([{ may: false }] as never)
    expect(await listExcessRights(asServer)).toEqual([])
  })

  test('and where the owner of the tables does not own the schema, it says what an administrator must run', async () => {
    await administrator.unsafe(
      `grant create on schema public to public; grant usage, create on schema public to ${owner}`,
    )
    await administrator.unsafe('alter schema public owner to current_user')
    const lines: string[] = []
    await migrateAgain((line) => lines.push(line))
    expect(lines.join('\n')).toContain(`alter schema public owner to ${owner}`)
    expect(await listExcessRights(asServer)).toContain('CREATE on schema public')
    await administrator.unsafe(`alter schema public owner to ${owner}`)
    await migrateAgain()
    expect(await listExcessRights(asServer)).toEqual([])
  })
})

test('a table that the server made before the first migration is no history of ours', async () => {
  await administrator.unsafe(`grant create on schema public to ${server}`)
  await asServer.unsafe('create view public.schema_versions as select 1 as version')
  await expect(migrateAgain()).rejects.toThrow('schema_versions')
  await asServer.unsafe('drop view public.schema_versions')
  await migrateAgain()
})

test.each([
  'update on audit_logs',
  'delete on audit_checkpoints',
  'truncate on audit_queue',
  'insert on audit_archive',
  'trigger on roles',
])('a right that was granted by hand is found, and taken back by the next migration: %s', async (grant) => {
  await asOwner.unsafe(`grant ${grant} to ${server}`)
  const [right = '', table = ''] = grant.split(' on ')
  expect(await listExcessRights(asServer)).toEqual([`${right.toUpperCase()} on ${table}`])
  await migrateAgain()
  expect(await listExcessRights(asServer)).toEqual([])
})
