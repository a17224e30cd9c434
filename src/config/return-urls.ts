import { z } from 'zod'
import { type ConfigOf, configuration } from './room.ts'

const maxUrls = 50
const maxLength = 500
/** What a browser runs, reads from the device, or hands to something that is no app of ours. */
const dangerous =
  /^(?:javascript|data|vbscript|file|filesystem|blob|about|view-source|intent|wss?|ftp|mailto|tel|sms):/i

/**
 * `RETURN_URLS`: where people come back to from elsewhere, separated by commas. What a request names must equal one of them
 * exactly. https, http for this machine alone (RFC 8252 7.3), and schemes of apps (7.1).
 */
export const returnUrls = z
  .string()
  .default('')
  .transform((text, { addIssue }): readonly string[] => {
    const urls = text
      .split(',')
      .map((url) => url.trim())
      .filter(Boolean)
    if (urls.length > maxUrls) addIssue({ code: 'custom', message: `must have at most ${maxUrls} entries` })
    for (const url of urls)
      if (!isReturnUrl(url))
        addIssue({
          code: 'custom',
          message: `${JSON.stringify(url.slice(0, 100))} must be https://…, http:// of this machine, or the scheme of an app such as com.example.app:/signed-in, without user and fragment`,
        })
    return urls
  })

export type ReturnUrlsConfig = ConfigOf<typeof returnUrlsConfiguration>

export const returnUrlsConfiguration = configuration({
  variables: { RETURN_URLS: returnUrls },
  config: (e) => ({
    /** Where people may come back to from elsewhere: what a request names equals one of them exactly. */
    returnUrls: e.RETURN_URLS,
  }),
})

function isReturnUrl(text: string): boolean {
  if (text.length > maxLength || !/^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/.test(text) || /[#"<>\\^`{|}]/.test(text))
    return false
  if (dangerous.test(text) || !URL.canParse(text)) return false
  const { protocol, hostname, username, password } = new URL(text)
  if (username + password !== '') return false
  if (protocol === 'http:') return isLoopback(hostname)
  return protocol !== 'https:' || /^https:\/\/[^/]/.test(text)
}

/** Names of this machine, as URL writes them. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
