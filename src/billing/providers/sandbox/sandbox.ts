import { deriveKey } from '../../../crypto/hash.ts'
import type { Tx } from '../../../db/types.ts'
import type { ProviderDeps } from '../deps.ts'
import type { BillingProvider, ProviderPayment, ProviderSubscription } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { refundCharge } from './claims.ts'
import { readEvent, signEvent } from './events.ts'
import { changeSubscription, emitEvent, endSubscription, runDue, type Scene, upgrade } from './machine.ts'
import type { Price, SandboxCheckout, SandboxPayment, SandboxSubscription, Settings } from './objects.ts'
import { prorate } from './proration.ts'
import { claimKey, findObject, listObjects, lockObject, putObject } from './queries.ts'

const settingsId = 'settings'
const defaults: Settings = { id: settingsId, offsetMs: 0, delivers: true }

export type Sandbox = ReturnType<typeof createSandbox>

/**
 * A payment provider for development and tests, which takes no money: its own table stands for its server, `/sandbox` for its pages, and
 * its clock can be set ahead. It runs its own transactions, as a remote provider would.
 */
export function createSandbox({ sql, now, config, deliver }: ProviderDeps) {
  const key = deriveKey(config.auditKeys[0], 'sandbox webhooks')
  const name = 'sandbox'

  const readSettings = async (): Promise<Settings> =>
    (await findObject<Settings>(sql, 'settings', settingsId)) ?? defaults
  const nowMs = async () => now() + (await readSettings()).offsetMs

  /** Runs one transaction of the sandbox, then sends its events as webhooks. A webhook that fails is not sent again. */
  async function play<T>(work: (scene: Scene) => Promise<T>): Promise<T> {
    const settings = await readSettings()
    const { result, events } = await sql.begin(async (tx: Tx) => {
      const scene: Scene = { tx, nowMs: now() + settings.offsetMs, events: [] }
      return { result: await work(scene), events: scene.events }
    })
    for (const event of settings.delivers ? events : []) {
      const { body, headers } = signEvent(key, event, Math.floor(now() / 1000))
      await deliver(name, body, headers).catch(() => {})
    }
    return result
  }

  /** Locks a subscription and runs what is due. @throws ProviderError where there is none */
  async function open(scene: Scene, id: string): Promise<SandboxSubscription> {
    const found = await lockObject<SandboxSubscription>(scene.tx, 'subscription', id)
    if (!found) throw new ProviderError('refused', 'there is no such subscription')
    return runDue(scene, found)
  }

  async function openLiving(scene: Scene, id: string): Promise<SandboxSubscription> {
    const found = await open(scene, id)
    if (found.status === 'ended') throw new ProviderError('refused', 'the subscription has ended')
    return found
  }

  const page = (path: string) => `${config.publicUrl}/sandbox/${path}`

  const provider: BillingProvider = {
    name,
    accepts: () => true,
    prefers: () => false,
    ensurePrice: async ({ id: reference, money, interval }) => {
      const price: Price = { id: `sbx_price_${reference}`, reference, ...money, interval }
      await putObject(sql, 'price', price)
      return price.id
    },
    createCustomer: (_, call) =>
      play(async ({ tx }) => {
        const id = await claimKey(tx, call.key, `sbx_cus_${Bun.randomUUIDv7()}`)
        await putObject(tx, 'customer', { id })
        return id
      }),
    openCheckout: (request, call) =>
      play(async ({ tx, nowMs }) => {
        const { reference, customerId, priceId, startsAt, expiresAt, successUrl } = request
        const id = await claimKey(tx, call.key, `sbx_co_${Bun.randomUUIDv7().replaceAll('-', '')}`)
        const checkout: SandboxCheckout = {
          id,
          customerId,
          priceId,
          reference,
          startsAt: startsAt?.toISOString() ?? null,
          // Moved by the same offset as the sandbox's clock, which may be years ahead.
          expiresAt: new Date(expiresAt.getTime() + nowMs - now()).toISOString(),
          state: 'open',
          declined: false,
          subscriptionId: null,
          successUrl,
        }
        if (!(await findObject(tx, 'checkout', id))) await putObject(tx, 'checkout', checkout)
        return { id, url: page(`checkouts/${id}`), expiresAt }
      }),
    async fetchCheckout(checkoutId) {
      const found = await findObject<SandboxCheckout>(sql, 'checkout', checkoutId)
      if (!found) return null
      const { id, state, subscriptionId, expiresAt } = found
      const isOver = state === 'open' && Date.parse(expiresAt) <= (await nowMs())
      return { id, state: isOver ? 'expired' : state, subscriptionId }
    },
    expireCheckout: (checkoutId) =>
      play(async (scene) => {
        const found = await lockObject<SandboxCheckout>(scene.tx, 'checkout', checkoutId)
        if (found?.state !== 'open') return
        await putObject(scene.tx, 'checkout', { ...found, state: 'expired' })
        await emitEvent(scene, 'checkout.expired', found.id)
      }),
    async fetchSubscription(subscriptionId) {
      if (!(await findObject(sql, 'subscription', subscriptionId))) return null
      return play(async (scene) => toSubscription(await open(scene, subscriptionId)))
    },
    previewChange: (subscriptionId, priceId) =>
      play(async (scene) => {
        const from = await openLiving(scene, subscriptionId)
        const [old, price] = await Promise.all(
          [from.priceId, priceId].map((id) => findObject<Price>(scene.tx, 'price', id)),
        )
        return old && price ? prorate(from, old, price, scene.nowMs) : null
      }),
    changeNow: (subscriptionId, priceId) =>
      play(async (scene) => {
        const outcome = await upgrade(scene, await openLiving(scene, subscriptionId), priceId)
        return outcome === 'paid' ? { outcome } : { outcome, payUrl: page(`subscriptions/${subscriptionId}`) }
      }),
    changeAtPeriodEnd: (subscriptionId, pendingPriceId) =>
      play(async (scene) => {
        await changeSubscription(scene, await openLiving(scene, subscriptionId), { pendingPriceId })
      }),
    cancel: (subscriptionId, when) =>
      play(async (scene) => {
        const from = await open(scene, subscriptionId)
        if (from.status === 'ended') return
        if (when === 'now') await endSubscription(scene, from)
        else await changeSubscription(scene, from, { cancelAtPeriodEnd: true })
      }),
    resume: (subscriptionId) =>
      play(async (scene) => {
        await changeSubscription(scene, await openLiving(scene, subscriptionId), { cancelAtPeriodEnd: false })
      }),
    openPortal: async ({ subscriptionId }) => page(`subscriptions/${subscriptionId}`),
    async listPayments({ id: subscriptionId }, since) {
      const found = await listObjects<SandboxPayment>(sql, 'payment', subscriptionId)
      return found.filter(({ at }) => Date.parse(at) >= since.getTime()).map((payment) => toPayment(payment, page))
    },
    refund: ({ chargeId }) =>
      play(async (scene) => {
        const charged = await lockObject<SandboxPayment>(scene.tx, 'payment', chargeId)
        if (charged) await refundCharge(scene, charged)
      }),
    findSubject: async ({ objectId }) => {
      if (objectId?.startsWith('sbx_co_')) return { checkoutId: objectId }
      return objectId?.startsWith('sbx_sub_') ? { subscriptionId: objectId } : null
    },
    async *listSubscriptions() {
      for (const found of await listObjects<SandboxSubscription>(sql, 'subscription'))
        if (found.status !== 'ended') yield toSubscription(found)
    },
    verifyWebhook: async (body, headers) => readEvent(key, body, headers, Math.floor(now() / 1000)),
  }

  return Object.assign(provider, {
    play,
    open,
    readSettings,
    /** Changes the clock, or whether webhooks are sent. */
    set: async (change: Partial<Settings>) => putObject(sql, 'settings', { ...(await readSettings()), ...change }),
    /** A webhook of an event, signed now. */
    sign: (event: Parameters<typeof signEvent>[1]) => signEvent(key, event, Math.floor(now() / 1000)),
  })
}

function toSubscription(from: SandboxSubscription): ProviderSubscription {
  const { id, customerId, reference, status, priceId, pendingPriceId, cancelAtPeriodEnd, endedAt } = from
  const [startedAt, paidUntil] = [new Date(from.startedAt), new Date(from.paidUntil)]
  const ended = endedAt === null ? null : new Date(endedAt)
  const state = { status, priceId, pendingPriceId, startedAt, paidUntil, cancelAtPeriodEnd, endedAt: ended }
  return { id, customerId, reference, ...state }
}

function toPayment(from: SandboxPayment, page: (path: string) => string): ProviderPayment {
  const { id, kind, status, amountMinor, currency, at, subscriptionId, chargeId, period } = from
  return {
    id,
    kind,
    status,
    money: { amountMinor, currency },
    at: new Date(at),
    subscriptionId,
    chargeId,
    period: period && { start: new Date(period.start), end: new Date(period.end) },
    invoiceUrl: page(`subscriptions/${subscriptionId}`),
  }
}
