import type { Db } from '../db/types.ts'
import type { Catalogue } from './catalogue.ts'
import { findCatalogue } from './queries.ts'

/** Reads the catalogue: the committed one from the pool, an uncommitted one within a transaction. */
export function readCatalogue(sql: Db): Promise<Catalogue> {
  return findCatalogue(sql)
}

/** The newer of two, so that a late read never replaces a newer catalogue. */
export function newer(current: Catalogue, found: Catalogue): Catalogue {
  return found.version >= current.version ? found : current
}

/** Whether an item that a transaction published at its commit is a catalogue. */
export function isCatalogue(item: unknown): item is Catalogue {
  return typeof item === 'object' && item !== null && 'plans' in item && 'features' in item
}
