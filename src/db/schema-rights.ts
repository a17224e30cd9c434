import type postgres from 'postgres'

type Handle = postgres.Sql | postgres.TransactionSql

/** An object in the schema that does not belong to the schema's owner, and that statements could resolve to. */
type ForeignObject = { name: string; owner: string }

/**
 * Lists objects in `public` whose owner is not trusted. Trusted are the owner of the tables and its members (before there
 * are tables, the current role), the owner of the database, and superusers. Lists functions and operators of any other
 * role; of the server's role also tables and types. Members of extensions are left out.
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
 * Revokes CREATE on `public` from everybody but the owner; before PostgreSQL 15 everybody had it.
 * @returns the statement that an administrator must run first, where the current role does not own the schema; else null
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

/**
 * Grants the server's role DML on all tables, but only INSERT and SELECT on the audit trail and on consents. (Erasure
 * deletes from audit_personal, audit_subjects and consents, sealing from audit_queue.)
 */
export async function grantServerRole(tx: postgres.TransactionSql, role: string): Promise<void> {
  const server = tx(role)
  await tx`grant usage on schema public to ${server}`
  await tx`grant select, insert, update, delete on all tables in schema public to ${server}`
  await tx`grant usage on all sequences in schema public to ${server}`
  await tx`grant execute on all functions in schema public to ${server}`
  // A trigger would run with the rights of whoever writes next.
  await tx`revoke truncate, references, trigger on all tables in schema public from ${server}`
  for (const { table, withheld } of withheldRights)
    await tx`revoke ${tx.unsafe(withheld.join(', '))} on ${tx(table)} from ${server}`
}

/** Rights that the server's role must not have: with them the trail or the schema's history could be rewritten. */
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

/**
 * Withheld rights that the current role has nevertheless, as `UPDATE on audit_logs`. Owners and superusers have all of
 * them.
 */
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
