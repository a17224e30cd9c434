import { etagOf } from '../http/etag.ts'
import type { Feature, Plan } from './catalogue.ts'

const made = new WeakMap<object, string>()

/**
 * The ETag of a plan or feature, over its whole state including retirement. Made once for each object: items of a
 * catalogue never change.
 */
export function tagOf(item: Plan | Feature): string {
  const known = made.get(item)
  if (known !== undefined) return known
  const tag = etagOf(JSON.stringify(item))
  made.set(item, tag)
  return tag
}
