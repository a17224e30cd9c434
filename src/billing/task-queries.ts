import type { Db } from '../db/types.ts'
import { type Share, withinShare } from './share.ts'

export type TaskKind = 'cancel-subscription' | 'refund-charge' | 'expire-checkout' | 'void-checkout'

type NewTask = {
  provider: string
  kind: TaskKind
  objectId: string
  /** Null unless `objectId` is a charge's. */
  subscriptionId?: string | null
}

export type Task = Required<NewTask> & { id: string; attempts: number }

/** Queues a task for a provider, which runs after the commit. One that was done before is done again. */
export async function insertTask(tx: Db, { provider, kind, objectId, subscriptionId = null }: NewTask): Promise<void> {
  await tx`
    insert into billing_tasks as t (provider, kind, object_id, subscription_id) values (${provider}, ${kind}, ${objectId}, ${subscriptionId})
        on conflict (provider, kind, object_id) do update set done_at = null, due_at = clock_timestamp(), attempts = 0 where t.done_at is not null`
}

/** Claims up to `limit` due tasks of a share; if this instance crashes, another can claim them once the lease ends. */
export async function claimTasks(sql: Db, share: Share, limit: number, leaseSeconds: number): Promise<Task[]> {
  return sql<Task[]>`
    with due as (
      select id from billing_tasks
       where ${withinShare(sql, share)} and done_at is null and due_at <= clock_timestamp() and (leased_until is null or leased_until <= clock_timestamp())
       order by due_at limit ${limit} for update skip locked)
    update billing_tasks t set leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int), attempts = least(t.attempts + 1, 1000000)
      from due where t.id = due.id
    returning t.id, t.provider, t.kind, t.object_id, t.subscription_id, t.attempts`
}

/** Marks a task as done, and schedules a synchronisation of its subscription. */
export async function finishTask(sql: Db, { id, provider }: Task, subscriptionId: string | null): Promise<void> {
  await sql`
    with done as (
      update billing_tasks set done_at = clock_timestamp(), leased_until = null, last_error = null where id = ${id} returning 1),
    stale as (
      update billing_subscriptions set is_stale = true
       where provider = ${provider} and subscription_id = ${subscriptionId}::text and exists (select from done) returning account_id)
    update billing_accounts b
       set due_at = least(b.due_at, clock_timestamp()), provider = case when b.due_at is null or b.provider = ${provider} then ${provider} end
      from stale where b.account_id = stale.account_id`
}

/** Schedules the next attempt of a task after so many seconds, and stores the error. */
export async function postponeTask(sql: Db, { id }: Task, seconds: number, error: string): Promise<void> {
  await sql`
    update billing_tasks set leased_until = null, last_error = ${error.slice(0, 500)}, due_at = clock_timestamp() + make_interval(secs => ${seconds}::float8)
     where id = ${id} and done_at is null`
}
