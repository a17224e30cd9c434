import type postgres from 'postgres'

type Handle = postgres.Sql | postgres.TransactionSql

/** Something in the schema that its owner could slip under statements of ours. */
export type ForeignObject = { name: string; owner: string }

/**
 * What is in `public` and belongs to nobody who is trusted with it: the tables' owner and its members (before there are
 * tables, the role that asks), the database's owner, superusers. Functions and operators of anybody; of the server's role, which owns nothing here, also tables and types.
 * Extensions' members do not count.
 */
export async function listForeignObjects(sql: Handle, serverRole: string | null): Promise<ForeignObject[]> {
  return sql<ForeignObject[]>`
    with named as (
      select 'pg_proc'::regclass as class, oid, 'function ' || oid::regprocedure as name, proowner as owner, true as runs
        from pg_proc where pronamespace = 'public'::regnamespace
      union all select 'pg_operator'::regclass, oid, 'operator ' || oid::regoperator, oprowner, true
        from pg_operator where oprnamespace = 'public'::regnamespace
      union all select 'pg_class'::regclass, oid, 'relation ' || oid::regclass, relowner, false
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f', 'S')
      union all select 'pg_type'::regclass, oid, 'type ' || oid::regtype, typowner, false
        from pg_type where typnamespace = 'public'::regnamespace and typrelid = 0 and typelem = 0),
    trusted as (
      select datdba as oid from pg_database where datname = current_database()
      union select r.oid from pg_roles r join pg_class c on c.oid = to_regclass('public.user_accounts') where pg_has_role(r.oid, c.relowner, 'MEMBER')
      union select oid from pg_roles where rolname = current_user and to_regclass('public.user_accounts') is null)
    select n.name, r.rolname as owner from named n join pg_roles r on r.oid = n.owner
     where not r.rolsuper
       and (n.runs and n.owner not in (select oid from trusted) or r.rolname = ${serverRole} and r.rolname <> current_user)
       and not exists (select from pg_depend d where d.classid = n.class and d.objid = n.oid and d.deptype = 'e')
     order by 1 limit 20`
}

/**
 * Nobody but the owner creates anything in `public`: before PostgreSQL 15 everybody could.
 * @returns what an administrator has to run first, where the role that asks does not own the schema; else null
 */
export async function closeSchema(tx: postgres.TransactionSql, serverRole: string | null): Promise<string | null> {
  const open = await tx<{ grantee: string | null; mayRevoke: boolean; advice: string }[]>`
    select r.rolname as grantee, pg_has_role(current_user, n.nspowner, 'USAGE') as "mayRevoke",
           format('alter schema public owner to %I', current_user) as advice
      from pg_namespace n cross join lateral aclexplode(n.nspacl) a left join pg_roles r on r.oid = a.grantee
     where n.nspname = 'public' and a.privilege_type = 'CREATE'
       and (a.grantee = 0 or r.rolname = ${serverRole} and r.rolname <> current_user)`
  for (const { grantee, mayRevoke, advice } of open) {
    if (!mayRevoke) return advice
    await tx`revoke create on schema public from ${grantee === null ? tx`public` : tx(grantee)}`
  }
  return null
}

/** The server's own role: DML everywhere, but on the audit trail and on consents only INSERT and SELECT (erasure deletes from audit_personal, audit_subjects and consents, sealing from audit_queue). */
export async function grantServerRole(tx: postgres.TransactionSql, role: string): Promise<void> {
  const server = tx(role)
  await tx`grant usage on schema public to ${server}`
  await tx`grant select, insert, update, delete on all tables in schema public to ${server}`
  await tx`grant usage on all sequences in schema public to ${server}`
  await tx`grant execute on all functions in schema public to ${server}`
  // A trigger of its own would run with the rights of whoever writes next.
  await tx`revoke truncate, references, trigger on all tables in schema public from ${server}`
  for (const { table, withheld } of withheldRights)
    await tx`revoke ${tx.unsafe(withheld.join(', '))} on ${tx(table)} from ${server}`
}

/** What the server's role may not do, table by table: with it the trail or the schema's history could be rewritten. */
const withheldRights = [
  { table: 'audit_logs', withheld: ['update', 'delete', 'truncate'] },
  { table: 'audit_checkpoints', withheld: ['update', 'delete', 'truncate'] },
  { table: 'audit_archive', withheld: ['insert', 'update', 'delete', 'truncate'] },
  { table: 'audit_personal', withheld: ['update', 'truncate'] },
  { table: 'audit_subjects', withheld: ['update', 'truncate'] },
  { table: 'audit_queue', withheld: ['update', 'truncate'] },
  { table: 'consents', withheld: ['update', 'truncate'] },
  { table: 'schema_migrations', withheld: ['insert', 'update', 'delete', 'truncate'] },
  { table: 'schema_functions', withheld: ['insert', 'update', 'delete', 'truncate'] },
]

/** Which of the withheld rights the role that asks has all the same, as `UPDATE on audit_logs`. Owners and superusers have all. */
export async function listExcessRights(sql: Handle): Promise<string[]> {
  const pairs = withheldRights.flatMap(({ table, withheld }) => withheld.map((right) => ({ table, right })))
  const rows = await sql<{ excess: string }[]>`
    select upper(w.privilege) || ' on ' || w.relation as excess
      from unnest(${pairs.map(({ table }) => table)}::text[], ${pairs.map(({ right }) => right)}::text[]) w (relation, privilege)
     where has_table_privilege(to_regclass('public.' || w.relation), w.privilege)
     union all
    select 'TRIGGER on ' || c.relname from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(c.oid, 'TRIGGER')
     union all
    select 'CREATE on schema public' where has_schema_privilege('public', 'CREATE')`
  return rows.map(({ excess }) => excess)
}
