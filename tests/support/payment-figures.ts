import type { SandboxPayment, SandboxSubscription } from '../../src/billing/providers/sandbox/objects.ts'
import type { Db } from '../../src/db/types.ts'

/** `day currency figure` → `count amount`. */
export type Figures = Record<string, string>

/** The figures of all accounts, summed or not yet. */
export async function readFigures(sql: Db): Promise<Figures> {
  const rows = await sql<{ what: string; told: string }[]>`
    select concat_ws(' ', day, currency, figure) as what, concat_ws(' ', sum(n), sum(amount)) as told
      from (select * from payment_figures union all select * from payment_figure_changes) f
     group by day, currency, figure having sum(n) <> 0 or sum(amount) <> 0`
  return Object.fromEntries(rows.map(({ what, told }) => [what, told]))
}

/** The differences between two readings of the figures. */
export function added(before: Figures, after: Figures): Figures {
  const difference: Figures = {}
  for (const what of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [then, now] = [before, after].map((from) => (from[what] ?? '0 0').split(' ').map(Number))
    const [count, amount] = [0, 1].map((part) => (now?.[part] ?? 0) - (then?.[part] ?? 0))
    if (count !== 0 || amount !== 0) difference[what] = `${count} ${amount}`
  }
  return difference
}

type Life = {
  subscription: SandboxSubscription
  payments: SandboxPayment[]
  annualMinor: number
  /** Days of trials. */
  trials: string[]
}

/**
 * The figures of one subscription's history, computed from the provider's final state alone, independently of the SQL.
 */
export function figuresOf({ subscription, payments, annualMinor, trials }: Life): Figures {
  const found = new Map<string, [count: number, amount: number]>()
  const add = (at: string, figure: string, { currency, amountMinor }: { currency: string; amountMinor: number }) => {
    const what = `${at.slice(0, 10)} ${currency} ${figure}`
    const [count, amount] = found.get(what) ?? [0, 0]
    found.set(what, [count + 1, amount + amountMinor])
  }
  const of = (kind: SandboxPayment['kind'], ...statuses: string[]) =>
    payments.filter((payment) => payment.kind === kind && statuses.includes(payment.status))
  const paid = of('charge', 'succeeded')
  for (const payment of paid) add(payment.at, 'charge', payment)
  for (const payment of of('refund', 'succeeded')) add(payment.at, 'refund', payment)
  for (const payment of of('dispute', 'pending', 'succeeded', 'failed')) add(payment.at, 'dispute', payment)
  for (const payment of of('dispute', 'succeeded')) add(payment.at, 'dispute_lost', payment)
  const owed = Map.groupBy(of('charge', 'failed'), ({ period }) => period?.start)
  for (const [start, failures] of owed) {
    const [first] = failures
    if (!first) continue
    add(first.at, 'failed', first)
    const recovery = paid.find(({ period }) => period?.start === start)
    if (recovery) add(recovery.at, 'recovered', first)
    else if (subscription.endedAt !== null) add(subscription.endedAt, 'lost', first)
  }
  const [first] = paid
  if (first) {
    const yearly = { currency: first.currency, amountMinor: annualMinor }
    add(first.at, 'new', yearly)
    if (subscription.endedAt !== null) add(subscription.endedAt, 'churned', yearly)
  }
  for (const day of trials) {
    add(day, 'trial', { currency: 'XXX', amountMinor: 0 })
    if (first) add(day, 'trial_paid', { currency: 'XXX', amountMinor: 0 })
  }
  return Object.fromEntries([...found].map(([what, [count, amount]]) => [what, `${count} ${amount}`]))
}
