import type { ProviderDeps } from './deps.ts'
import type { BillingProvider } from './provider.ts'

/** Reads a provider's code only where it is configured. @throws Error for a name that is not known, which the configuration refuses */
export async function openProviders(deps: ProviderDeps): Promise<readonly BillingProvider[]> {
  return Promise.all(deps.config.billingProviders.map((name) => openProvider(deps, name)))
}

async function openProvider(deps: ProviderDeps, name: string): Promise<BillingProvider> {
  switch (name) {
    case 'sandbox': {
      const { createSandbox } = await import('./sandbox/sandbox.ts')
      return createSandbox(deps)
    }
    default:
      throw new Error(`there is no provider "${name}"`)
  }
}
