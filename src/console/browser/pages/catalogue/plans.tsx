import type { Feature, Plan } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import { ifMatch, tagOfShown } from '../../calls/tagged.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { Problem } from '../../parts/problem.tsx'
import { useFormat } from '../../shell/format.ts'
import { Heading } from '../../shell/heading.tsx'
import { notify } from '../../shell/notices.tsx'
import { useTexts } from '../../shell/texts.ts'
import { Affected } from './affected.tsx'
import { FeatureDialog } from './feature-dialog.tsx'
import { Matrix } from './matrix.tsx'
import { PlanDialog } from './plan-dialog.tsx'
import { PriceDialog } from './price-dialog.tsx'
import { readPlan } from './reads.ts'
import { Review } from './review.tsx'
import { useStaged } from './staged.ts'
import { useCatalogueTexts } from './texts.ts'
import { Unsaved } from './unsaved.tsx'

type Open =
  | { kind: 'review' }
  | { kind: 'plan'; plan: Plan | null }
  | { kind: 'feature'; feature: Feature | null }
  | { kind: 'prices'; plan: Plan }

/** The plans with their features, limits and prices, to view and edit. */
export function Plans() {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const format = useFormat()
  const [open, setOpen] = useState<Open | null>(null)
  const plans = useAnswer('plans', () => readApi(() => client.v1.plans.$get({ query: { limit: '100' } })), 'keep')
  const features = useAnswer(
    'features',
    () => readApi(() => client.v1.features.$get({ query: { limit: '100' } })),
    'keep',
  )
  const find = (name: string) => plans.data?.items.find((plan) => plan.name === name)
  const staged = useStaged((column, row) => {
    const held = find(column)?.features.find(({ name }) => name === row)
    return { isHeld: held !== undefined, limit: held?.limit ?? null }
  })
  const rows = features.data?.items ?? []
  async function save(name: string): Promise<void> {
    const plan = find(name)
    if (!plan) return
    const etag = await tagOfShown(plan, () => readPlan(name))
    const wanted = rows
      .map((row) => ({ name: row.name, ...staged.cellOf(name, row.name) }))
      .filter(({ isHeld }) => isHeld)
      .map(({ name: feature, limit }) => ({ name: feature, limit }))
    await callApi(() =>
      client.v1.admin.plans[':name'].features.$put({ param: { name }, json: { features: wanted } }, ifMatch(etag)),
    )
    staged.drop(name)
    notify(t.saved(plan.displayName))
    plans.reload()
  }
  const close = () => setOpen(null)
  return (
    <div>
      <Heading text={t.plansTitle}>
        <p class="choices">
          <button type="button" onClick={() => setOpen({ kind: 'plan', plan: null })}>
            {t.newPlan}
          </button>
          <button type="button" onClick={() => setOpen({ kind: 'feature', feature: null })}>
            {t.newFeature}
          </button>
        </p>
      </Heading>
      <Problem
        key="failed"
        failure={plans.failure ?? features.failure}
        retry={plans.failure ? plans.reload : features.reload}
      />
      {!plans.data && plans.isLoading && <p key="loading">{shared.loading}</p>}
      {plans.data && features.data && (
        <Matrix
          key="matrix"
          label={t.feature}
          hasLimits
          columns={plans.data.items.map((plan) => ({
            name: plan.name,
            title: plan.displayName,
            note: plan.priceMonthlyMinor === null ? '–' : format.money(plan.priceMonthlyMinor, plan.currency),
            isFixed: false,
            onEdit: () => setOpen({ kind: 'plan', plan }),
            more: { label: t.prices, onPress: () => setOpen({ kind: 'prices', plan }) },
          }))}
          rows={rows.map((feature) => ({
            name: feature.name,
            title: feature.displayName,
            note: feature.description,
            onEdit: () => setOpen({ kind: 'feature', feature }),
          }))}
          staged={staged}
        />
      )}
      <Unsaved staged={staged} onReview={() => setOpen({ kind: 'review' })} />
      {open?.kind === 'review' && (
        <Review
          key="review"
          staged={staged}
          titleOf={(row) => rows.find(({ name }) => name === row)?.displayName ?? row}
          affected={(plan) => <Affected of={{ plan }} />}
          save={save}
          reload={plans.reload}
          onClose={close}
        />
      )}
      {open?.kind === 'plan' && (
        <PlanDialog key={open.plan?.name ?? 'new'} plan={open.plan} changed={plans.reload} onClose={close} />
      )}
      {open?.kind === 'prices' && (
        <PriceDialog key={open.plan.name} plan={open.plan} changed={plans.reload} onClose={close} />
      )}
      {open?.kind === 'feature' && (
        <FeatureDialog
          key={open.feature?.name ?? 'new'}
          feature={open.feature}
          changed={() => {
            features.reload()
            plans.reload()
          }}
          onClose={close}
        />
      )}
    </div>
  )
}
