import type { BillingDeps } from './deps.ts'
import { billingColumns } from './encrypted-columns.ts'
import type { Intent } from './intent-queries.ts'

const placeOf = ({ id }: Intent) => ({ ...billingColumns[0], id })

export function encryptPage({ secrets }: Pick<BillingDeps, 'secrets'>, intent: Intent, url: string): Buffer {
  return secrets.encrypt(url, placeOf(intent))
}

/** Where the person pays. Null: there is no page, or no key at hand that reads its address. */
export function readPage({ secrets, log }: Pick<BillingDeps, 'secrets' | 'log'>, intent: Intent): string | null {
  try {
    return intent.page && secrets.decrypt(intent.page, placeOf(intent))
  } catch (error) {
    log.warn({ err: error }, 'the page of a checkout cannot be read; the provider is asked for it again')
    return null
  }
}
