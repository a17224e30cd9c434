import type { Db } from '../../db/types.ts'
import type { Range } from './queries.ts'

/** What is counted of payments: docs/payments.md has their meaning. */
export type Figure =
  | 'charge'
  | 'refund'
  | 'dispute'
  | 'dispute_lost'
  | 'failed'
  | 'recovered'
  | 'lost'
  | 'new'
  | 'churned'
  | 'expansion'
  | 'contraction'
  | 'trial'
  | 'trial_paid'

/** `monthlyMinor`: of what recurs, a twelfth of the year's amount. Amounts are at most 2^53 − 1. */
export type FigureRow = { currency: string; figure: Figure; count: number; amountMinor: number; monthlyMinor: number }

/** The figures of each day on which there was something. */
export async function listFiguresByDay(sql: Db, { from, to }: Range): Promise<(FigureRow & { day: string })[]> {
  return sql<(FigureRow & { day: string })[]>`
    select day::text as day, currency, figure, n::float8 as count, least(amount, 9007199254740991)::float8 as amount_minor,
           least(round(amount / 12), 9007199254740991)::float8 as monthly_minor
      from payment_figures where day between ${from}::date and ${to}::date order by day, currency, figure`
}

/** The same of the whole range: a sum is rounded, not each of its parts. */
export async function listFigures(sql: Db, { from, to }: Range): Promise<FigureRow[]> {
  return sql<FigureRow[]>`
    select currency, figure, sum(n)::float8 as count, least(sum(amount), 9007199254740991)::float8 as amount_minor,
           least(round(sum(amount) / 12), 9007199254740991)::float8 as monthly_minor
      from payment_figures where day between ${from}::date and ${to}::date group by currency, figure order by currency, figure`
}

/** What was in force when a range began, and when it ended. */
export type Level = {
  currency: string
  payingAtStart: number
  payingAtEnd: number
  mrrAtStartMinor: number
  mrrAtEndMinor: number
}

/** From the movements of all days until then. */
export async function listLevels(sql: Db, { from, to }: Range): Promise<Level[]> {
  return sql<Level[]>`
    select currency, coalesce(sum(payers) filter (where day < ${from}::date), 0)::float8 as paying_at_start, sum(payers)::float8 as paying_at_end,
           least(greatest(round(coalesce(sum(annual) filter (where day < ${from}::date), 0) / 12), 0), 9007199254740991)::float8 as mrr_at_start_minor,
           least(greatest(round(sum(annual) / 12), 0), 9007199254740991)::float8 as mrr_at_end_minor
      from (select currency, day, case figure when 'new' then n when 'churned' then -n else 0 end as payers,
                   case when figure in ('new', 'expansion') then amount else -amount end as annual
              from payment_figures where day <= ${to}::date and figure in ('new', 'churned', 'expansion', 'contraction')) moved
     group by currency order by currency`
}
