import type { ReturnUrlsConfig } from '../config/return-urls.ts'
import { invalid } from '../errors/app-error.ts'
import type { MailConfig } from '../mail/variables.ts'

export type Config = ReturnUrlsConfig & Pick<MailConfig, 'appUrl'>

/**
 * Where the browser goes after a provider's page: the requested URL, else APP_URL.
 * @throws AppError `validation-failed` for a URL that is not among RETURN_URLS
 */
export function returnUrlOf({ returnUrls, appUrl }: Config, returnTo: string | undefined): string {
  if (returnTo === undefined) return appUrl
  if (!returnUrls.includes(returnTo)) throw invalid('returnTo', 'This is none of the RETURN_URLS.', 'unknown')
  return returnTo
}
