import { z } from 'zod'

const Whole = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const Sum = z.object({ count: Whole, amountMinor: Whole })
const money = {
  currency: z.string(),
  charges: Sum.meta({ description: 'paid' }),
  refunds: Sum,
  disputes: Sum.meta({ description: 'begun, whatever became of them' }),
  disputesLost: Sum,
  failed: Sum.meta({ description: 'periods that were due after a paid or tried one, and of which a charge failed' }),
  recovered: Sum.meta({ description: 'of those: paid since, on the day of that' }),
  lost: Sum.meta({ description: 'of those: never paid, on the day on which the subscription ended' }),
}
const movement = { newMinor: Whole, expansionMinor: Whole, contractionMinor: Whole, churnMinor: Whole }
const trials = { begun: Whole, converted: Whole.meta({ description: 'of those begun then: paid since' }) }
const paying = { new: Whole, churned: Whole }

/** What `stamped` and `ranged` say stands in routes.ts. */
export const paymentFigures = () => ({
  totals: z.object({
    trials: z.object({
      ...trials,
      conversion: z.number().min(0).nullable().meta({ description: 'converted of begun; null where none began' }),
    }),
    paying: z.object({
      atStart: Whole,
      ...paying,
      atEnd: Whole,
      churn: z.number().min(0).nullable().meta({ description: 'churned of those at the start; null where none paid' }),
    }),
    currencies: z.array(z.object({ ...money, mrr: z.object({ atStartMinor: Whole, ...movement, atEndMinor: Whole }) })),
  }),
  days: z.array(
    z.object({
      day: z.iso.date(),
      trials: z.object(trials),
      paying: z.object(paying),
      currencies: z.array(z.object({ ...money, mrr: z.object(movement) })),
    }),
  ),
})
