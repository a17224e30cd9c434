import { expect, test } from 'bun:test'
import { figuresOf, observed } from '../../../src/billing/providers/observed.ts'
import type { BillingProvider } from '../../../src/billing/providers/provider.ts'
import { ProviderError } from '../../../src/billing/providers/provider-error.ts'

const call = { signal: new AbortController().signal, key: 'k' }

test('calls to a provider are counted by how they end, and what asks nobody is not', async () => {
  const failures = [new ProviderError('unavailable', 'x'), new ProviderError('refused', 'x'), new TypeError('x')]
  const made = {
    name: 'pretend',
    accepts: () => true,
    async fetchCheckout(id: string) {
      return { id, state: 'open', subscriptionId: null }
    },
    async resume() {
      const failure = failures.shift()
      if (failure) throw failure
    },
    async expireCheckout(this: BillingProvider, id: string) {
      await this.fetchCheckout(id, call)
    },
    async verifyWebhook() {
      return null
    },
    ownMember: 7,
  } as unknown as BillingProvider & { ownMember: number }
  const provider = observed(made) as typeof made
  expect(await provider.fetchCheckout('c', call)).toMatchObject({ id: 'c' })
  for (let i = 0; i < 3; i++) await provider.resume('s', call).catch(() => {})
  await provider.resume('s', call)
  // One call, whatever it asks for besides.
  await provider.expireCheckout('c', call)
  await provider.verifyWebhook(new Uint8Array(), new Headers())
  expect([provider.accepts('INR'), provider.ownMember]).toEqual([true, 7])
  const { calls, durations } = figuresOf(provider) ?? {}
  expect(Object.fromEntries(calls ?? [])).toEqual({
    ...{ answered: 3, unavailable: 1, refused: 1, failed: 1 },
    ...{ unreadable: 0, unsupported: 0 },
  })
  expect(durations?.read().count).toBe(6)
})
