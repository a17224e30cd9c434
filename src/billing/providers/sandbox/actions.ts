import type { Sql } from '../../../db/types.ts'
import { AppError } from '../../../errors/app-error.ts'
import { disputeCharge, refundCharge } from './claims.ts'
import { changeSubscription, endSubscription, payCheckout, renew, type Scene, upgrade } from './machine.ts'
import type { Price, SandboxCheckout, SandboxPayment, SandboxSubscription, Settings } from './objects.ts'
import { findObject, listObjects, lockObject, putObject } from './queries.ts'
import type { Sandbox } from './sandbox.ts'

export const checkoutActions = ['pay', 'decline', 'abandon'] as const
export const subscriptionActions = ['pay', 'decline', 'renew', 'end', 'refund', 'dispute', 'lose', 'win'] as const
type CheckoutAction = (typeof checkoutActions)[number]
type SubscriptionAction = (typeof subscriptionActions)[number]

/** The data of the sandbox's pages. */
export type CheckoutView = { checkout: SandboxCheckout; price: Price }
export type SubscriptionView = {
  subscription: SandboxSubscription
  price: Price
  payments: SandboxPayment[]
  nowMs: number
}

/** A checkout with its price. @throws AppError `not-found` */
export async function readCheckout(sql: Sql, id: string): Promise<CheckoutView> {
  const checkout = await findObject<SandboxCheckout>(sql, 'checkout', id)
  const price = checkout && (await findObject<Price>(sql, 'price', checkout.priceId))
  if (!checkout || !price) throw new AppError('not-found')
  return { checkout, price }
}

/** A subscription with its price and payments. @throws AppError `not-found` */
export async function readSandboxSubscription(sandbox: Sandbox, sql: Sql, id: string): Promise<SubscriptionView> {
  if (!(await findObject(sql, 'subscription', id))) throw new AppError('not-found')
  return sandbox.play(async (scene) => {
    const subscription = await sandbox.open(scene, id)
    const price = await findObject<Price>(scene.tx, 'price', subscription.priceId)
    if (!price) throw new AppError('not-found')
    const payments = await listObjects<SandboxPayment>(scene.tx, 'payment', id)
    return { subscription, price, payments, nowMs: scene.nowMs }
  })
}

export type Overview = { subscriptions: SandboxSubscription[]; checkouts: SandboxCheckout[]; settings: Settings }

/** All subscriptions and checkouts, at most 1,000 of each, and the settings. */
export async function readOverview(sandbox: Sandbox, sql: Sql): Promise<Overview> {
  const subscriptions = await listObjects<SandboxSubscription>(sql, 'subscription')
  return {
    subscriptions,
    checkouts: await listObjects<SandboxCheckout>(sql, 'checkout'),
    settings: await sandbox.readSettings(),
  }
}

/** An action of the person on the checkout page. A checkout that is no longer open is not changed. @throws AppError `not-found` */
export function actOnCheckout(sandbox: Sandbox, id: string, action: CheckoutAction): Promise<void> {
  return sandbox.play(async (scene) => {
    const checkout = await lockObject<SandboxCheckout>(scene.tx, 'checkout', id)
    if (!checkout) throw new AppError('not-found')
    if (checkout.state !== 'open' || Date.parse(checkout.expiresAt) <= scene.nowMs) return
    if (action === 'pay') await payCheckout(scene, checkout)
    else if (action === 'decline') await putObject(scene.tx, 'checkout', { ...checkout, declined: true })
  })
}

/** An action on a subscription: by the person, by a bank, or by time. @throws AppError `not-found` */
export async function actOnSubscription(
  sandbox: Sandbox,
  sql: Sql,
  id: string,
  action: SubscriptionAction,
): Promise<void> {
  if (!(await findObject(sql, 'subscription', id))) throw new AppError('not-found')
  await sandbox.play(async (scene) => {
    const subscription = await sandbox.open(scene, id)
    await (action === 'pay' || action === 'decline' || action === 'renew' || action === 'end'
      ? act(scene, subscription, action)
      : claim(scene, id, action))
  })
}

async function act(
  scene: Scene,
  from: SandboxSubscription,
  action: 'pay' | 'decline' | 'renew' | 'end',
): Promise<void> {
  if (from.status === 'ended') return
  if (action === 'end') await endSubscription(scene, from)
  else if (action === 'decline') await changeSubscription(scene, from, { declines: true })
  else if (action === 'renew') await (from.cancelAtPeriodEnd ? endSubscription(scene, from) : renew(scene, from))
  else {
    // The card now works: an outstanding amount is paid.
    const good = await changeSubscription(scene, from, { declines: false })
    if (good.status === 'past_due') await renew(scene, good)
    else if (good.wantedPriceId !== null) await upgrade(scene, good, good.wantedPriceId)
  }
}

async function claim(scene: Scene, id: string, action: 'refund' | 'dispute' | 'lose' | 'win'): Promise<void> {
  const charges = (await listObjects<SandboxPayment>(scene.tx, 'payment', id)).filter(
    ({ kind, status }) => kind === 'charge' && status === 'succeeded',
  )
  const last = charges.at(-1)
  if (!last) return
  if (action === 'refund') await refundCharge(scene, last)
  else await disputeCharge(scene, last, ({ dispute: 'pending', lose: 'succeeded', win: 'failed' } as const)[action])
}

/** Sets the sandbox's clock ahead, and runs what is due then. */
export async function passTime(sandbox: Sandbox, sql: Sql, seconds: number): Promise<void> {
  const { offsetMs } = await sandbox.readSettings()
  await sandbox.set({ offsetMs: offsetMs + seconds * 1000 })
  for (const { id, status } of await listObjects<SandboxSubscription>(sql, 'subscription'))
    if (status !== 'ended') await sandbox.play((scene) => sandbox.open(scene, id))
}
