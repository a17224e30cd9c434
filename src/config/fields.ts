import { z } from 'zod'

const text = z.string()

/** A variable that is a whole number within bounds. */
export const wholeNumber = (minimum: number, maximum: number) =>
  text.transform((digits, { addIssue }) => {
    if (/^\d{1,12}$/.test(digits) && Number(digits) >= minimum && Number(digits) <= maximum) return Number(digits)
    addIssue({ code: 'custom', message: `must be a whole number from ${minimum} to ${maximum}` })
    return z.NEVER
  })

/** wholeNumber with a default. */
export const integer = (minimum: number, maximum: number, fallback: number) =>
  wholeNumber(minimum, maximum).default(fallback)

/** A URL with one of these protocols, such as `https:`. */
export const url = (...protocols: string[]) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
      error: ({ input }) => describeUrlFault(String(input), protocols),
      abort: true,
    })
    .refine(isDecodable, 'must have its user and password percent-encoded: a % in them is written %25')

/** The fault of a URL, without a part of it: it may hold a password. */
function describeUrlFault(text: string, protocols: string[]): string {
  const beginnings = protocols.map((protocol) => `${protocol}//`)
  if (!beginnings.some((beginning) => text.startsWith(beginning)))
    return `must be a URL that begins with ${beginnings.join(' or ')}`
  return 'cannot be read as a URL: check host and port, and percent-encode user and password (# is written %23, / %2F, ? %3F)'
}

/** A password with a bare % would fail later, in the driver, whose error does not name the variable. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(new URL(text).username + new URL(text).password)
    return true
  } catch {
    return false
  }
}

export const secret = z.string().min(32, 'must have at least 32 characters (openssl rand -base64 48 makes one)')

/** One or more secrets, separated by commas. */
export const secrets = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .pipe(z.array(secret))

/** Validates a setting by another module's parser: its error is the message. */
export function refuseWhatThrows(
  parse: () => unknown,
  context: { addIssue(issue: { code: 'custom'; message: string }): void },
): void {
  try {
    parse()
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
  }
}

const localHosts = new Set(['localhost', '127.0.0.1', '::1', '[::1]', ''])

/** Whether a server is on this host, where traffic to it needs no TLS. */
export function isLocal(serverUrl: string): boolean {
  return localHosts.has(new URL(serverUrl).hostname)
}

/** The demand of production on URLs with another scheme. */
export const httpsRequirement = 'must be a URL that begins with https://'
