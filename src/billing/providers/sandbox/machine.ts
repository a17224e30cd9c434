import type { Tx } from '../../../db/types.ts'
import { periodEnd } from '../../lifecycle.ts'
import type { Price, SandboxCheckout, SandboxEvent, SandboxPayment, SandboxSubscription } from './objects.ts'
import { prorate } from './proration.ts'
import { findObject, putObject } from './queries.ts'

/** A transaction of the sandbox: its time, and the events to send after the commit. */
export type Scene = { tx: Tx; nowMs: number; events: SandboxEvent[] }

/** A new id of the sandbox, such as `sub_…`. */
export const newId = (prefix: string) => `${prefix}_${Bun.randomUUIDv7().replaceAll('-', '')}`
/** Epoch milliseconds as ISO 8601. */
export const iso = (ms: number) => new Date(ms).toISOString()

/** Adds an event about an object. It is sent after the commit. */
export async function emitEvent({ tx, nowMs, events }: Scene, type: string, object: string): Promise<void> {
  const event = { id: newId('sbx_evt'), type, object, at: iso(nowMs) }
  await putObject(tx, 'event', event)
  events.push(event)
}

async function priceOf(tx: Tx, id: string): Promise<Price> {
  const price = await findObject<Price>(tx, 'price', id)
  if (!price) throw new Error(`the sandbox has no price ${id}`)
  return price
}

async function save({ tx }: Scene, subscription: SandboxSubscription): Promise<void> {
  await putObject(tx, 'subscription', subscription, subscription.customerId)
}

async function charge(
  scene: Scene,
  { id: subscriptionId }: SandboxSubscription,
  { amountMinor, currency }: { amountMinor: number; currency: string },
  period: { start: string; end: string },
  status: 'succeeded' | 'failed' = 'succeeded',
): Promise<void> {
  if (amountMinor === 0) return
  const payment: SandboxPayment = {
    id: newId('sbx_ch'),
    kind: 'charge',
    status,
    amountMinor,
    currency,
    at: iso(scene.nowMs),
    subscriptionId,
    chargeId: null,
    period,
  }
  await putObject(scene.tx, 'payment', payment, subscriptionId)
  await emitEvent(scene, `payment.${status}`, subscriptionId)
}

/** Completes a checkout: the subscription begins at once, or when the earlier trial ends. */
export async function payCheckout(scene: Scene, checkout: SandboxCheckout): Promise<SandboxSubscription> {
  const price = await priceOf(scene.tx, checkout.priceId)
  const startsAt = checkout.startsAt === null ? scene.nowMs : Math.max(scene.nowMs, Date.parse(checkout.startsAt))
  const waits = startsAt > scene.nowMs
  const end = waits ? iso(startsAt) : periodEnd(new Date(startsAt), price.interval, 1).toISOString()
  const subscription: SandboxSubscription = {
    id: newId('sbx_sub'),
    customerId: checkout.customerId,
    reference: checkout.reference,
    status: waits ? 'trialing' : 'active',
    priceId: price.id,
    pendingPriceId: null,
    startedAt: iso(scene.nowMs),
    anchor: iso(startsAt),
    periods: waits ? 0 : 1,
    paidFrom: iso(scene.nowMs),
    paidUntil: end,
    cancelAtPeriodEnd: false,
    endedAt: null,
    declines: false,
    wantedPriceId: null,
  }
  await save(scene, subscription)
  await putObject(scene.tx, 'checkout', { ...checkout, state: 'completed', subscriptionId: subscription.id })
  await emitEvent(scene, 'checkout.completed', checkout.id)
  await emitEvent(scene, 'subscription.created', subscription.id)
  if (!waits) await charge(scene, subscription, price, { start: subscription.paidFrom, end })
  return subscription
}

/** Runs what is due by the sandbox's clock: renewals, which fail where the card declines, and cancellations. */
export async function runDue(scene: Scene, subscription: SandboxSubscription): Promise<SandboxSubscription> {
  let now = subscription
  while ((now.status === 'active' || now.status === 'trialing') && Date.parse(now.paidUntil) <= scene.nowMs) {
    if (now.cancelAtPeriodEnd) return endSubscription(scene, now)
    now = await renew(scene, now)
  }
  return now
}

/** Charges the next period. A scheduled change of price takes effect. */
export async function renew(scene: Scene, from: SandboxSubscription): Promise<SandboxSubscription> {
  const price = await priceOf(scene.tx, from.pendingPriceId ?? from.priceId)
  const isOther = price.id !== from.priceId
  const anchor = isOther ? from.paidUntil : from.anchor
  const periods = isOther ? 1 : from.periods + 1
  const end = periodEnd(new Date(anchor), price.interval, periods).toISOString()
  const period = { start: from.paidUntil, end }
  if (from.declines) {
    const failed = { ...from, status: 'past_due' as const }
    await save(scene, failed)
    await charge(scene, failed, price, period, 'failed')
    await emitEvent(scene, 'subscription.past_due', from.id)
    return failed
  }
  const renewed = {
    ...from,
    status: 'active' as const,
    priceId: price.id,
    pendingPriceId: null,
    anchor,
    periods,
    paidFrom: from.paidUntil,
    paidUntil: end,
  }
  await save(scene, renewed)
  await charge(scene, renewed, price, period)
  await emitEvent(scene, 'subscription.renewed', from.id)
  return renewed
}

/** Ends a subscription at once; it cannot become active again. */
export async function endSubscription(scene: Scene, from: SandboxSubscription): Promise<SandboxSubscription> {
  if (from.status === 'ended') return from
  const ended = { ...from, status: 'ended' as const, endedAt: iso(scene.nowMs) }
  await save(scene, ended)
  await emitEvent(scene, 'subscription.ended', from.id)
  return ended
}

/** Stores changed fields of a subscription. A working card pays what is outstanding. */
export async function changeSubscription(
  scene: Scene,
  from: SandboxSubscription,
  change: Partial<SandboxSubscription>,
): Promise<SandboxSubscription> {
  const changed = { ...from, ...change }
  await save(scene, changed)
  await emitEvent(scene, 'subscription.updated', from.id)
  return changed
}

/** Changes to a higher price at once and charges the difference. Where the card declines, the old price stays. */
export async function upgrade(scene: Scene, from: SandboxSubscription, priceId: string): Promise<'paid' | 'unpaid'> {
  if (from.priceId === priceId) return 'paid'
  if (from.declines) {
    await changeSubscription(scene, from, { wantedPriceId: priceId })
    return 'unpaid'
  }
  const [old, price] = [await priceOf(scene.tx, from.priceId), await priceOf(scene.tx, priceId)]
  const { creditMinor, chargeMinor, currency } = prorate(from, old, price, scene.nowMs)
  const isSameInterval = old.interval === price.interval || from.status === 'trialing'
  const begin = iso(scene.nowMs)
  const paidUntil = isSameInterval ? from.paidUntil : periodEnd(new Date(begin), price.interval, 1).toISOString()
  const upgraded = await changeSubscription(scene, from, {
    priceId,
    pendingPriceId: null,
    wantedPriceId: null,
    ...(!isSameInterval && { anchor: begin, periods: 1, paidFrom: begin, paidUntil }),
  })
  const due = { amountMinor: Math.max(0, chargeMinor - creditMinor), currency }
  await charge(scene, upgraded, due, { start: begin, end: paidUntil })
  return 'paid'
}
