import addresses from '../../sql/functions/addresses.sql' with { type: 'text' }
import audit from '../../sql/functions/audit.sql' with { type: 'text' }
import authzChanges from '../../sql/functions/authz-changes.sql' with { type: 'text' }
import billing from '../../sql/functions/billing.sql' with { type: 'text' }
import consents from '../../sql/functions/consents.sql' with { type: 'text' }
import days from '../../sql/functions/days.sql' with { type: 'text' }
import erasure from '../../sql/functions/erasure.sql' with { type: 'text' }
import figures from '../../sql/functions/figures.sql' with { type: 'text' }
import ids from '../../sql/functions/ids.sql' with { type: 'text' }
import jobs from '../../sql/functions/jobs.sql' with { type: 'text' }
import lockouts from '../../sql/functions/lockouts.sql' with { type: 'text' }
import mail from '../../sql/functions/mail.sql' with { type: 'text' }
import prices from '../../sql/functions/prices.sql' with { type: 'text' }
import purge from '../../sql/functions/purge.sql' with { type: 'text' }
import quotas from '../../sql/functions/quotas.sql' with { type: 'text' }
import registration from '../../sql/functions/registration.sql' with { type: 'text' }
import roles from '../../sql/functions/roles.sql' with { type: 'text' }
import search from '../../sql/functions/search.sql' with { type: 'text' }
import sessions from '../../sql/functions/sessions.sql' with { type: 'text' }
import subscriptions from '../../sql/functions/subscriptions.sql' with { type: 'text' }
import sums from '../../sql/functions/sums.sql' with { type: 'text' }
import tables from '../../sql/functions/tables.sql' with { type: 'text' }
import teamSums from '../../sql/functions/team-sums.sql' with { type: 'text' }
import teams from '../../sql/functions/teams.sql' with { type: 'text' }
import views from '../../sql/functions/views.sql' with { type: 'text' }
import webhooks from '../../sql/functions/webhooks.sql' with { type: 'text' }
import { sha256Hex } from '../crypto/hash.ts'
import type { Db } from './types.ts'

/**
 * A file of `create or replace` statements, run again when it was changed. Of two programs on one database the higher
 * revision is in force.
 */
type FunctionFile = { name: string; revision: number; sql: string }

/**
 * The functions of the schema, by name. A function whose definition needs another (LANGUAGE sql, triggers) comes after
 * it. To change a file: edit it, increment its revision here and add its line to tests/sql/history.test.ts.
 */
export const functionFiles: readonly FunctionFile[] = [
  { name: 'addresses', revision: 2, sql: addresses },
  { name: 'audit', revision: 3, sql: audit },
  { name: 'authz-changes', revision: 3, sql: authzChanges },
  { name: 'billing', revision: 3, sql: billing },
  { name: 'consents', revision: 3, sql: consents },
  { name: 'days', revision: 1, sql: days },
  { name: 'erasure', revision: 6, sql: erasure },
  { name: 'figures', revision: 3, sql: figures },
  { name: 'ids', revision: 1, sql: ids },
  { name: 'jobs', revision: 6, sql: jobs },
  { name: 'lockouts', revision: 4, sql: lockouts },
  { name: 'mail', revision: 6, sql: mail },
  { name: 'prices', revision: 2, sql: prices },
  { name: 'purge', revision: 13, sql: purge },
  { name: 'quotas', revision: 2, sql: quotas },
  { name: 'registration', revision: 2, sql: registration },
  { name: 'roles', revision: 2, sql: roles },
  { name: 'search', revision: 2, sql: search },
  { name: 'sessions', revision: 3, sql: sessions },
  { name: 'subscriptions', revision: 6, sql: subscriptions },
  { name: 'sums', revision: 3, sql: sums },
  { name: 'tables', revision: 1, sql: tables },
  { name: 'team-sums', revision: 1, sql: teamSums },
  { name: 'teams', revision: 3, sql: teams },
  { name: 'views', revision: 6, sql: views },
  { name: 'webhooks', revision: 5, sql: webhooks },
]

type Stored = { name: string; revision: number; checksum: string }

/**
 * The files of which the database has an earlier revision, another text of the same one, or none. The table must exist.
 */
export async function listOutdatedFunctions(sql: Db): Promise<FunctionFile[]> {
  const rows = await sql<Stored[]>`select name, revision, checksum from schema_functions`
  const stored = new Map(rows.map((row) => [row.name, row]))
  return functionFiles.filter((file) => {
    const { revision, checksum } = stored.get(file.name) ?? { revision: 0, checksum: '' }
    return file.revision > revision || (file.revision === revision && sha256Hex(file.sql) !== checksum)
  })
}

/**
 * Runs the files that are newer here than in the database, whose migrations must have run. Newer revisions of a later
 * program stay.
 * @returns the names of the files that were run
 */
export async function replaceFunctions(tx: Db): Promise<string[]> {
  await tx.unsafe(`create table if not exists schema_functions (
    name text primary key, revision integer not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())`)
  const outdated = await listOutdatedFunctions(tx)
  for (const { name, revision, sql } of outdated) {
    await tx.unsafe(sql)
    await tx`
      insert into schema_functions (name, revision, checksum) values (${name}, ${revision}, ${sha256Hex(sql)})
      on conflict (name) do update set revision = excluded.revision, checksum = excluded.checksum, applied_at = excluded.applied_at`
  }
  return outdated.map(({ name }) => name)
}
