import type { Principal } from '../../access/principal.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { AdminDeps } from '../deps.ts'
import {
  type Figure,
  type FigureRow,
  type Level,
  listFigures,
  listFiguresByDay,
  listLevels,
} from './payment-queries.ts'
import { findAsOf, type Range } from './queries.ts'

/**
 * Payments, refunds and what is owed, and subscriptions begun and ended: by day and over the range, by currency. Reads
 * sums by day alone.
 */
export function readPaymentFigures(deps: AdminDeps, { accountId }: Principal, range: Range) {
  return readFromReplica(deps, accountId, async (sql) => {
    const [asOf, byDay, inRange, levels] = await Promise.all([
      findAsOf(sql),
      listFiguresByDay(sql, range),
      listFigures(sql, range),
      listLevels(sql, range),
    ])
    const rowsByDay = Map.groupBy(byDay, ({ day }) => day)
    return {
      asOf,
      ...range,
      totals: toTotals(inRange, levels),
      days: daysOf(range).map((day) => ({ day, ...toDay(rowsByDay.get(day) ?? []) })),
    }
  })
}

function toDay(rows: FigureRow[]) {
  return {
    trials: { begun: countOf(rows, 'trial'), converted: countOf(rows, 'trial_paid') },
    paying: { new: countOf(rows, 'new'), churned: countOf(rows, 'churned') },
    currencies: currenciesOf(rows).map((currency) => {
      const own = rows.filter((row) => row.currency === currency)
      return { currency, ...moneyOf(own), mrr: movementOf(own) }
    }),
  }
}

function toTotals(rows: FigureRow[], levels: Level[]) {
  const { trials, paying } = toDay(rows)
  const atStart = sum(levels.map(({ payingAtStart }) => payingAtStart))
  const atEnd = sum(levels.map(({ payingAtEnd }) => payingAtEnd))
  return {
    trials: { ...trials, conversion: share(trials.converted, trials.begun) },
    paying: { atStart, ...paying, atEnd, churn: share(paying.churned, atStart) },
    currencies: currenciesOf([...rows, ...levels]).map((currency) => {
      const own = rows.filter((row) => row.currency === currency)
      const level = levels.find((row) => row.currency === currency)
      const mrr = {
        atStartMinor: level?.mrrAtStartMinor ?? 0,
        ...movementOf(own),
        atEndMinor: level?.mrrAtEndMinor ?? 0,
      }
      return { currency, ...moneyOf(own), mrr }
    }),
  }
}

/** Counts and amounts of payments. */
function moneyOf(rows: FigureRow[]) {
  const of = (figure: Figure) => {
    const found = rows.find((row) => row.figure === figure)
    return { count: found?.count ?? 0, amountMinor: found?.amountMinor ?? 0 }
  }
  return {
    charges: of('charge'),
    refunds: of('refund'),
    disputes: of('dispute'),
    disputesLost: of('dispute_lost'),
    failed: of('failed'),
    recovered: of('recovered'),
    lost: of('lost'),
  }
}

/** Movements of recurring revenue. */
function movementOf(rows: FigureRow[]) {
  const of = (figure: Figure) => rows.find((row) => row.figure === figure)?.monthlyMinor ?? 0
  return {
    newMinor: of('new'),
    expansionMinor: of('expansion'),
    contractionMinor: of('contraction'),
    churnMinor: of('churned'),
  }
}

/** Figures without a currency are listed under XXX (ISO 4217). */
function currenciesOf(rows: readonly { currency: string }[]): string[] {
  return [...new Set(rows.map(({ currency }) => currency))].filter((currency) => currency !== 'XXX').sort()
}

function countOf(rows: FigureRow[], figure: Figure): number {
  return sum(rows.filter((row) => row.figure === figure).map(({ count }) => count))
}

/** A part of a whole; null where the whole is 0. */
function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole
}

function sum(figures: number[]): number {
  return figures.reduce((total, figure) => total + figure, 0)
}

function daysOf({ from, to }: Range): string[] {
  const days: string[] = []
  for (let at = Date.parse(from); at <= Date.parse(to); at += 86_400_000)
    days.push(new Date(at).toISOString().slice(0, 10))
  return days
}
