import { deriveKey } from '../crypto/hash.ts'
import type { Parsed } from './variables.ts'

/** What secrets at rest are encrypted under: the first encrypts, all decrypt. */
export type DataKeys = {
  dataKeys: readonly [string, ...string[]]
  /** No DATA_KEY is set (never in production): it follows from JWT_REFRESH_SECRET. */
  dataKeyIsDerived: boolean
}

export function dataKeysOf(e: Parsed): DataKeys {
  const derived = [e.JWT_REFRESH_SECRET, e.JWT_REFRESH_SECRET_PREVIOUS].flatMap((text) =>
    text === undefined ? [] : [derivedDataKey(text)],
  )
  const previous = e.DATA_KEY_PREVIOUS ?? []
  // What was written before a DATA_KEY was set stays readable, outside production.
  const former = e.NODE_ENV === 'production' ? [] : derived
  if (e.DATA_KEY !== undefined) return { dataKeys: [e.DATA_KEY, ...previous, ...former], dataKeyIsDerived: false }
  return { dataKeys: [derivedDataKey(e.JWT_REFRESH_SECRET), ...previous, ...former.slice(1)], dataKeyIsDerived: true }
}

/** RFC 5869: the text that stands for DATA_KEY where none is set. */
function derivedDataKey(secret: string): string {
  return Buffer.from(deriveKey(secret, 'DATA_KEY')).toString('base64')
}
