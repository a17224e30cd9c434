import type { Db } from '../db/types.ts'
import type { Catalogue } from './catalogue.ts'
import { findCatalogue } from './queries.ts'

/** The catalogue as `sql` sees it now: from the pool what is committed, from a transaction what it is about to commit. */
export function readCatalogue(sql: Db): Promise<Catalogue> {
  return findCatalogue(sql)
}

/** The newer of two, so that a late answer never takes the catalogue back in time. */
export function newer(current: Catalogue, found: Catalogue): Catalogue {
  return found.version >= current.version ? found : current
}

/** Tells a catalogue from the other things that a transaction hands over at its commit. */
export function isCatalogue(item: unknown): item is Catalogue {
  return typeof item === 'object' && item !== null && 'plans' in item && 'features' in item
}
