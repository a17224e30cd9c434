import type { Plan, PlanPrices } from '@manas360/client'
import { client } from '../../calls/client.ts'
import { callTagged, ifMatch, tagOfShown } from '../../calls/tagged.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { notifyUndoable } from '../../parts/undo.ts'
import { useTexts } from '../../shell/texts.ts'
import { readPlan } from './reads.ts'
import { useCatalogueTexts } from './texts.ts'

type Props = { plan: Plan; changed: () => void; onClose: () => void }
const intervals = ['month', 'year'] as const

/** Edits the prices of a plan: those of its currencies, and of one more. */
export function PriceDialog({ plan, changed, onClose }: Props) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const currencies = [...new Set([plan.currency, ...plan.prices.map(({ currency }) => currency)])]
  const find = (currency: string, interval: string) =>
    plan.prices.find((price) => price.currency === currency && price.interval === interval)
  const put = (prices: PlanPrices['prices'], etag: string | null) =>
    callTagged(() =>
      client.v1.admin.plans[':name'].prices.$put({ param: { name: plan.name }, json: { prices } }, ifMatch(etag)),
    )
  async function send(typed: Record<string, string>): Promise<void> {
    const another = typed.currency?.trim().toUpperCase() ?? ''
    const wanted = [
      ...currencies.map((one) => [one, one] as const),
      ...(another ? [[another, 'another'] as const] : []),
    ]
    const prices = wanted.flatMap(([currency, field]) =>
      intervals.flatMap((interval) => {
        const text = typed[`${field} ${interval}`]?.trim() ?? ''
        if (text === '') return []
        const { taxInclusive = false } = find(currency, interval) ?? {}
        // Text that is no number is sent as NaN, which the service refuses.
        return [{ currency, interval, amountMinor: /^\d+$/.test(text) ? Number(text) : Number.NaN, taxInclusive }]
      }),
    )
    const { etag } = await put(prices, await tagOfShown(plan, () => readPlan(plan.name)))
    notifyUndoable(t.saved(plan.displayName), shared, () => put(plan.prices, etag).then(changed))
    changed()
  }
  return (
    <ActionDialog
      title={t.pricesOf(plan.displayName)}
      consequences={[t.pricesText]}
      submit={shared.save}
      onSubmit={send}
      onClose={onClose}
      fields={() => (
        <div class="columns">
          {currencies.flatMap((currency) =>
            intervals.map((interval) => (
              <Field
                key={`${currency} ${interval}`}
                label={t.priceIn(currency, t.intervals[interval])}
                name={`${currency} ${interval}`}
                hint={t.priceHint}
                inputmode="numeric"
                initial={String(find(currency, interval)?.amountMinor ?? '')}
              />
            )),
          )}
          <Field label={t.currency} name="currency" hint={t.currencyHint} maxlength={3} autocomplete="off" />
          {intervals.map((interval) => (
            <Field
              key={interval}
              label={t.priceIn(t.currency, t.intervals[interval])}
              name={`another ${interval}`}
              hint={t.priceHint}
              inputmode="numeric"
            />
          ))}
        </div>
      )}
    />
  )
}
