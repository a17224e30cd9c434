import { z } from 'zod'
import { type ConfigOf, configuration } from './room.ts'

const maxUrls = 50
const maxLength = 500
/** Schemes that a browser executes, reads from the device, or passes to other programs. */
const dangerous =
  /^(?:javascript|data|vbscript|file|filesystem|blob|about|view-source|intent|wss?|ftp|mailto|tel|sms):/i

/**
 * `RETURN_URLS`: the URLs to which other services may redirect people, separated by commas. A URL in a request must equal
 * one of them exactly. Allowed are https, http on loopback (RFC 8252 7.3), and private schemes of apps (7.1).
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
    /** URLs to which other services may redirect people. A URL in a request must equal one of them exactly. */
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

/** Whether a hostname, as URL writes it, is loopback. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname)
}
