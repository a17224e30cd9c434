import type { Db } from '../../db/types.ts'
import type { Range } from './queries.ts'

/** The figures that are counted of payments; docs/payments.md defines them. */
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

/** `monthlyMinor`: the recurring part by the month, a twelfth of a yearly amount. Amounts are capped at 2^53 − 1. */
export type FigureRow = { currency: string; figure: Figure; count: number; amountMinor: number; monthlyMinor: number }

/** The figures of each day of the range that has any. */
export async function listFiguresByDay(sql: Db, { from, to }: Range): Promise<(FigureRow & { day: string })[]> {
  return sql<(FigureRow & { day: string })[]>`
    select day::text as day, currency, figure, n::float8 as count, least(amount, 9007199254740991)::float8 as amount_minor,
           least(round(amount / 12), 9007199254740991)::float8 as monthly_minor
      from payment_figures where day between ${from}::date and ${to}::date order by day, currency, figure`
}

/** The figures of the whole range: only their sums are rounded. */
export async function listFigures(sql: Db, { from, to }: Range): Promise<FigureRow[]> {
  return sql<FigureRow[]>`
    select currency, figure, sum(n)::float8 as count, least(sum(amount), 9007199254740991)::float8 as amount_minor,
           least(round(sum(amount) / 12), 9007199254740991)::float8 as monthly_minor
      from payment_figures where day between ${from}::date and ${to}::date group by currency, figure order by currency, figure`
}

/** The recurring revenue in force at the beginning and the end of a range. */
export type Level = {
  currency: string
  payingAtStart: number
  payingAtEnd: number
  mrrAtStartMinor: number
  mrrAtEndMinor: number
}

/** The levels at both ends of the range, summed from the movements of all days before. */
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
