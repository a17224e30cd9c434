import type { Actor } from '../access/actor.ts'
import { authorise } from '../access/hierarchy.ts'
import type { LockedAccount } from '../access/hierarchy-queries.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { readCatalogue } from '../catalogue/current.ts'
import { recordCatalogueChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { AdminDeps } from './deps.ts'

/**
 * An edit of the catalogue: authority judged on the actor's locked row, and told to every instance as a new version,
 * which reaches every token without a re-issue.
 */
export async function changeCatalogue(
  { sql }: AdminDeps,
  { principal }: Actor,
  permission: string,
  work: (tx: Tx, authority: LockedAccount) => Promise<'unchanged' | undefined>,
): Promise<Catalogue> {
  return sql.begin(async (tx) => {
    const authority = await authorise(tx, principal, permission)
    if ((await work(tx, authority)) === 'unchanged') return readCatalogue(tx)
    await recordCatalogueChange(tx)
    const catalogue = await readCatalogue(tx)
    tx.committed.push(catalogue)
    return catalogue
  })
}
