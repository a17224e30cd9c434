import { pushCatalogue } from '../billing/catalogue-push.ts'
import { toDecimalText } from '../billing/money.ts'
import { ProviderError } from '../billing/providers/provider-error.ts'
import { reconcile } from '../billing/reconcile.ts'
import type { OpenDeps } from '../services.ts'
import { type Invocation, withDeps } from './command.ts'

export const billingUsage = `Payment providers that BILLING_PROVIDERS names, compared with the database:

  billing catalogue push [--apply]   what prices the payment providers lack; --apply makes them there
  billing reconcile [--apply]        what is another at the providers than here; --apply settles it

Without --apply nothing is changed. Exit code 3: something is left to do.`

/** Exit code when differences remain. */
const somethingLeft = 3

/**
 * `billing`: prints the differences to the payment providers, and removes them with `--apply`. Exit code 3: some
 * remain.
 */
export async function runBilling(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const [command] = [args.join(' ')]
  const work = { 'catalogue push': push, reconcile: compare }[command]
  if (!work) {
    print(billingUsage)
    return 64
  }
  return withDeps(invocation, async (deps) => {
    if (deps.providers.length === 0) {
      print('BILLING_PROVIDERS names no payment provider: there is nothing to compare. See docs/payments.md.')
      return 0
    }
    try {
      return await work(deps, options.apply === true, print)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      print(`The provider did not do it (${error.failure}): ${error.message}`)
      return 1
    }
  })
}

async function push(deps: OpenDeps, applies: boolean, print: Invocation['print']): Promise<number> {
  const counts = { known: 0, missing: 0, made: 0 }
  for await (const { provider, price, state } of pushCatalogue(deps, applies)) {
    counts[state]++
    const { plan, interval, money } = price
    if (state !== 'known')
      print(
        `${state === 'made' ? 'made' : 'would make'} at ${provider}: ${plan.name}, ${toDecimalText(money)} ${money.currency} each ${interval}`,
      )
  }
  const left = counts.missing > 0 ? ` ${counts.missing} are missing: run it with --apply.` : ''
  print(`${counts.known} prices were there, ${counts.made} were made.${left}`)
  return counts.missing > 0 ? somethingLeft : 0
}

async function compare(deps: OpenDeps, applies: boolean, print: Invocation['print']): Promise<number> {
  let left = 0
  let all = 0
  for await (const { provider, subscriptionId, accountId, what, settled } of reconcile(deps, applies)) {
    all++
    if (!settled) left++
    print(`${provider} ${subscriptionId}: ${what}; account ${accountId ?? 'none'}${settled ? '; settled' : ''}`)
  }
  print(all === 0 ? 'Nothing differs.' : `${all} differ, ${all - left} were settled.`)
  return left > 0 ? somethingLeft : 0
}
