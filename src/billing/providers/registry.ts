import type { ProviderDeps } from './deps.ts'
import { observed } from './observed.ts'
import type { BillingProvider } from './provider.ts'

/** Opens the configured providers, and loads only their code. @throws Error for an unknown name, which the configuration refuses */
export async function openProviders(deps: ProviderDeps): Promise<readonly BillingProvider[]> {
  return Promise.all(deps.config.billingProviders.map((name) => openProvider(deps, name).then(observed)))
}

async function openProvider(deps: ProviderDeps, name: string): Promise<BillingProvider> {
  switch (name) {
    case 'sandbox': {
      const { createSandbox } = await import('./sandbox/sandbox.ts')
      return createSandbox(deps)
    }
    case 'stripe': {
      const { openStripe } = await import('./stripe/stripe.ts')
      return openStripe(deps.config.stripe)
    }
    case 'razorpay': {
      const { openRazorpay } = await import('./razorpay/razorpay.ts')
      return openRazorpay(deps.config.razorpay)
    }
    default:
      throw new Error(`there is no provider "${name}"`)
  }
}
