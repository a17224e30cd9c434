import type { Db } from '../../db/types.ts'
import type { Range } from './queries.ts'

export type Denials = { day: string; feature: string; denials: number }

/** Adds counts to those of the day. Ordered by key, which prevents deadlocks between instances. */
export async function addDenials(sql: Db, rows: readonly Denials[]): Promise<void> {
  await sql`
    insert into feature_denials as d (day, feature, denials)
    select v.d::date, v.feature, v.denials
      from unnest(${rows.map(({ day }) => day)}::text[], ${rows.map(({ feature }) => feature)}::text[],
                  ${rows.map(({ denials }) => denials)}::bigint[]) v (d, feature, denials) order by 1, 2
    on conflict (day, feature) do update set denials = d.denials + excluded.denials`
}

/** The features with the most denials, each with its sum over the range. */
export async function listDeniedFeatures(sql: Db, { from, to }: Range, limit: number): Promise<Omit<Denials, 'day'>[]> {
  return sql<Omit<Denials, 'day'>[]>`
    select feature, sum(denials)::float8 as denials from feature_denials where day between ${from}::date and ${to}::date
     group by feature order by 2 desc, feature collate "C" limit ${limit}`
}

/** Denials on each day of the range: of all features together, and of each of those named. */
export async function listDenialsByDay(
  sql: Db,
  { from, to }: Range,
  features: readonly string[],
): Promise<{ day: string; denials: number; features: Omit<Denials, 'day'>[] }[]> {
  return sql<{ day: string; denials: number; features: Omit<Denials, 'day'>[] }[]>`
    select r.d::date::text as day, coalesce(sum(d.denials), 0)::float8 as denials,
           coalesce(json_agg(json_build_object('feature', d.feature, 'denials', d.denials) order by d.denials desc, d.feature collate "C")
                      filter (where d.feature = any(${features}::text[])), '[]') as features
      from generate_series(${from}::date::timestamp, ${to}::date::timestamp, interval '24 hours') r (d)
      left join feature_denials d on d.day = r.d::date
     group by r.d order by r.d`
}
