import type { Db } from '../../db/types.ts'
import type { Range } from './queries.ts'

/**
 * Teams by the owner's plan: their number, the seats of the plan, and the people in them, owners included. Inactive
 * teams are under free.
 */
export type TeamLevel = { plan: string; teams: number; seats: number; used: number }

/** The latest count, kept up to date by the changes of all days. */
export function listTeamLevels(sql: Db): Promise<TeamLevel[]> {
  return sql<TeamLevel[]>`
    select plan, sum(teams)::float8 as teams, sum(seats)::float8 as seats, sum(used)::float8 as used
      from team_sums group by plan having sum(teams) <> 0 or sum(used) <> 0 order by plan collate "C"`
}

/** The last count on each day of a range, until today. Days before the first count are left out. */
export function listTeamLevelsByDay(sql: Db, { from, to }: Range): Promise<(TeamLevel & { day: string })[]> {
  return sql<(TeamLevel & { day: string })[]>`
    with moved as (
      select greatest(day, ${from}::date) as day, plan, sum(teams) as teams, sum(seats) as seats, sum(used) as used
        from team_sums where day <= ${to}::date group by 1, 2),
    running as (
      select d::date as day, p.plan, sum(coalesce(m.teams, 0)) over so_far as teams, sum(coalesce(m.seats, 0)) over so_far as seats,
             sum(coalesce(m.used, 0)) over so_far as used
        from generate_series(${from}::date::timestamp, least(${to}::date, (clock_timestamp() at time zone 'UTC')::date)::timestamp, interval '24 hours') d
       cross join (select distinct plan from moved) p left join moved m on m.day = d::date and m.plan = p.plan
      window so_far as (partition by p.plan order by d))
    select day::text, plan, teams::float8, seats::float8, used::float8 from running where teams <> 0 or used <> 0
     order by day, plan collate "C"`
}
