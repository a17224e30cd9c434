import type { Db } from '../db/types.ts'

/** The state that an instance publishes. */
export type InstanceState = {
  id: string
  host: string
  version: string
  commit: string
  startedAt: Date
  status: 'ok' | 'degraded' | 'failing' | 'draining'
  feedAgeMs: number
  catalogueVersion: number
  memoryBytes: number
}

/** Writes the state of an instance, and deletes those that were silent for an hour. */
export async function upsertInstance(sql: Db, { commit, ...state }: InstanceState): Promise<void> {
  const { status, feedAgeMs, catalogueVersion, memoryBytes } = state
  await sql`
    with gone as (
      delete from instances where seen_at < clock_timestamp() - interval '1 hour' and id <> ${state.id})
    insert into instances ${sql({ ...state, commitId: commit })}
    on conflict (id) do update set seen_at = clock_timestamp(), status = ${status}, feed_age_ms = ${feedAgeMs}::int,
       catalogue_version = ${catalogueVersion}::int, memory_bytes = ${memoryBytes}::bigint`
}

/** Deletes the row of an instance. */
export async function deleteInstance(sql: Db, id: string): Promise<void> {
  await sql`delete from instances where id = ${id}`
}

/** `silent`: the row was not written for so long, by the database's clock. */
type InstanceItem = Omit<InstanceState, 'status'> & { status: InstanceState['status'] | 'silent'; seenAt: Date }

/** The instances, newest first. */
export async function listInstances(sql: Db, silentAfterSeconds: number, limit: number): Promise<InstanceItem[]> {
  return sql<InstanceItem[]>`
    select id, host, version, commit_id as commit, started_at, seen_at, feed_age_ms, catalogue_version, memory_bytes::float8 as memory_bytes,
           case when seen_at < clock_timestamp() - make_interval(secs => ${silentAfterSeconds}) then 'silent' else status end as status
      from instances order by started_at desc, id desc limit ${limit}`
}
