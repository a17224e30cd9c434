import { z } from 'zod'
import { type ConfigOf, configuration } from '../config/room.ts'

/** A document that people agree to, in the version in force. */
export type ConsentDocument = { document: string; version: string; required: boolean }

const maxDocuments = 20
const shape = /^([a-z0-9][a-z0-9-]{0,39})@([A-Za-z0-9][A-Za-z0-9._-]{0,39})(!?)$/

/** `terms@2026-01!,newsletter@1`: each document once, with its version; `!` marks those that registration requires. */
export const consentDocuments = z
  .string()
  .default('')
  .transform((text, { addIssue }): readonly ConsentDocument[] => {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter(Boolean)
    const seen = new Set<string>()
    const documents = entries.flatMap((entry) => {
      const [, document = '', version = '', mark] = shape.exec(entry) ?? []
      if (document === '') {
        addIssue({ code: 'custom', message: `${entry.slice(0, 100)} must be document@version, with ! where required` })
        return []
      }
      if (seen.has(document)) addIssue({ code: 'custom', message: `${document} must be named once, with one version` })
      seen.add(document)
      return { document, version, required: mark === '!' }
    })
    if (entries.length > maxDocuments)
      addIssue({ code: 'custom', message: `must name at most ${maxDocuments} documents` })
    return documents
  })

export type ConsentConfig = ConfigOf<typeof consentConfiguration>

export const consentConfiguration = configuration({
  variables: { CONSENT_DOCUMENTS: consentDocuments },
  config: (e) => ({ consentDocuments: e.CONSENT_DOCUMENTS }),
})
