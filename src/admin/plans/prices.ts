import type { Actor } from '../../access/actor.ts'
import { freePlan } from '../../access/lapse.ts'
import { plan as planEntity } from '../../audit/actor.ts'
import type { Plan } from '../../catalogue/catalogue.ts'
import { invalid } from '../../errors/app-error.ts'
import type { Precondition } from '../../http/precondition.ts'
import type { AdminDeps } from '../deps.ts'
import { editPlan } from './plans.ts'
import { type PlanValues, type PriceValues, replacePlanPrices, updatePlan } from './queries.ts'

/**
 * Sets all prices of a plan. Prices in its own currency are also its `priceMonthlyMinor` and `priceYearlyMinor`. People
 * who pay a price that is removed go on paying it.
 * @throws AppError `not-found`; `validation-failed` for a repeated price, for one without the other in the plan's own
 *   currency, or for the free plan
 */
export async function setPlanPrices(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  prices: PriceValues[],
  precondition: Precondition | null = null,
): Promise<Plan> {
  for (const [index, price] of prices.entries())
    if (prices.findIndex((other) => isSamePlace(other, price)) < index)
      throw invalid(`prices.${index}`, 'There is a price for this currency and interval already.', 'duplicate')
  return editPlan(deps, actor, name, precondition, async (tx, plan) => {
    const { currency } = plan
    const own = { ...plan, ...ownPrices(plan, prices) }
    if (name === freePlan && prices.length > 0) throw invalid('prices', 'The free plan costs nothing.')
    await replacePlanPrices(tx, name, prices)
    if (!Bun.deepEquals(plan, own)) await updatePlan(tx, name, own)
    await deps.audit.record(tx, actor, 'plan.set_prices', planEntity(name), { details: { currency, prices } })
  })
}

const isSamePlace = (one: PriceValues, other: PriceValues) =>
  one.currency === other.currency && one.interval === other.interval

function ownPrices({ currency, priceMonthlyMinor }: PlanValues, prices: PriceValues[]) {
  const of = (interval: PriceValues['interval']) =>
    prices.find((price) => isSamePlace(price, { ...price, currency, interval }))?.amountMinor ?? null
  const [month, year] = [of('month'), of('year')]
  if ((month === null) !== (year === null))
    throw invalid('prices', `Give both prices in ${currency}, the currency of the plan, or neither.`)
  // A plan that costs nothing stays so without prices.
  if (month === null && priceMonthlyMinor === 0 && prices.length === 0) return {}
  if (month === null && prices.length > 0)
    throw invalid('prices', `Prices in ${currency}, the currency of the plan, must be among them.`)
  return { priceMonthlyMinor: month, priceYearlyMinor: year }
}
