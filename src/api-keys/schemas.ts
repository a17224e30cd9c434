import { z } from 'zod'
import { formatNetwork, isTooWide, parseNetwork } from '../addresses/networks.ts'
import { bounded, boundedList, IsoDateTime, PermissionName, PersonName, Uuid } from '../http/input/fields.ts'
import { PresentedPassword } from '../http/input/password.ts'
import { networkPattern } from '../text/patterns.ts'

const reasons = {
  malformed: 'Send an address or a CIDR range, such as 203.0.113.0/24 or 2001:db8::/32.',
  'prefix-length': 'The prefix is longer than such an address.',
  everybody: 'This would let everybody in; leave ipRanges out for that.',
}
const tooMuch =
  'Together these hold more than a /8 of IPv4 or a /16 of IPv6 beside private networks: that keeps hardly anybody out.'

/** An address or a CIDR range in canonical form: `10.1.2.3/8` becomes `10.0.0.0/8`. */
const IpRange = bounded(49, 'An address range has at most 49 characters.')
  .transform((text, context) => {
    const network = parseNetwork(text)
    if (typeof network !== 'string') return formatNetwork(network)
    context.addIssue({ code: 'custom', message: reasons[network] })
    return z.NEVER
  })
  .meta({ type: 'string', pattern: networkPattern, maxLength: 49, examples: ['203.0.113.0/24', '2001:db8::/32'] })

/** Whether ranges cover all addresses, or so many that they restrict hardly anybody. */
function coverTooMuch(ranges: readonly string[]): boolean {
  const networks = ranges.map(parseNetwork)
  return networks.includes('everybody') || isTooWide(networks.filter((network) => typeof network !== 'string'))
}

export const NewApiKey = z.lazy(() =>
  z
    .strictObject({
      name: PersonName,
      password: PresentedPassword.optional().meta({
        description: 'Of the account; needed unless the person showed who they are within the last 10 minutes.',
      }),
      permissions: boundedList(PermissionName, 200).optional(),
      expiresAt: IsoDateTime.nullable().optional(),
      ipRanges: boundedList(IpRange, 50, 1)
        .refine((ranges) => !coverTooMuch(ranges), tooMuch)
        .nullable()
        .optional(),
    })
    .meta({ ref: 'NewApiKey' }),
)
export type NewApiKey = z.infer<typeof NewApiKey>

export const ApiKeyPath = z.lazy(() => z.strictObject({ id: Uuid }))

const shown = {
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  permissions: z.array(z.string()),
  expiresAt: z.iso.datetime().nullable(),
  createdAt: z.iso.datetime(),
  ipRanges: z.array(z.string()).nullable(),
}

export const CreatedApiKeyBody = z.lazy(() =>
  z
    .object({
      ...shown,
      key: z
        .string()
        .nullable()
        .meta({ description: 'Shown this once; null when an Idempotency-Key replays the answer.' }),
    })
    .meta({ ref: 'CreatedApiKey' }),
)

export const ApiKeyBody = z.lazy(() =>
  z.object({ ...shown, lastUsedAt: z.iso.datetime().nullable() }).meta({ ref: 'ApiKey' }),
)
