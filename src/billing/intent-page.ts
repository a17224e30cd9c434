import type { BillingDeps } from './deps.ts'
import { billingColumns } from './encrypted-columns.ts'
import type { Intent } from './intent-queries.ts'

const placeOf = ({ id }: Intent) => ({ ...billingColumns[0], id })

/** Encrypts the URL of a payment page for its intent. */
export function encryptPage({ secrets }: Pick<BillingDeps, 'secrets'>, intent: Intent, url: string): Buffer {
  return secrets.encrypt(url, placeOf(intent))
}

/** The URL of the payment page. Null: there is none, or no configured key decrypts it. */
export function readPage({ secrets, log }: Pick<BillingDeps, 'secrets' | 'log'>, intent: Intent): string | null {
  try {
    return intent.page && secrets.decrypt(intent.page, placeOf(intent))
  } catch (error) {
    log.warn({ err: error }, 'the page of a checkout cannot be read; the provider is asked for it again')
    return null
  }
}
