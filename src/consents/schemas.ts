import { z } from 'zod'
import { bounded, boundedList } from '../http/input/fields.ts'

const document = bounded(40, 'The name of a document has at most 40 characters.')
  .regex(/^[a-z0-9][a-z0-9-]*$/, 'The name of a document has small letters, digits and hyphens.')
  .meta({ examples: ['terms'] })
const version = bounded(40, 'A version has at most 40 characters.')
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'A version has letters, digits, full stops, hyphens and low lines.')
  .meta({ examples: ['2026-01'] })

/** A document in the version that is agreed to. */
const Agreed = z.lazy(() => z.strictObject({ document, version }))
export type Agreed = z.infer<typeof Agreed>

/** The consents of a new account. */
export const Consents = boundedList(Agreed, 20)

export const NewConsent = z.lazy(() =>
  z
    .strictObject({ document, version, granted: z.boolean().meta({ description: 'false withdraws it.' }) })
    .meta({ ref: 'NewConsent' }),
)
export type NewConsent = z.infer<typeof NewConsent>

export const ConsentBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      document: z.string(),
      version: z.string(),
      granted: z.boolean(),
      at: z.iso.datetime(),
    })
    .meta({ ref: 'Consent' }),
)

/** Required documents that the person has not agreed to in the version in force. */
export const ConsentsDue = z.array(z.object({ document: z.string(), version: z.string() }))
