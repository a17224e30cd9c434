import type { Actor } from '../access/actor.ts'
import { authorise } from '../access/hierarchy.ts'
import type { LockedAccount } from '../access/hierarchy-queries.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { readCatalogue } from '../catalogue/current.ts'
import { recordCatalogueChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { AdminDeps } from './deps.ts'

type Edit<T> = {
  permission: string
  /** The edit. `authority` is the actor's locked account. */
  write: (tx: Tx, authority: LockedAccount) => Promise<'unchanged' | undefined>
  /** The answer, from the catalogue as the edit leaves it. */
  answer: (catalogue: Catalogue, tx: Tx) => T | Promise<T>
}

/**
 * Edits the catalogue in one transaction. The actor's authority is checked on the locked row. The new version reaches
 * every instance, and tokens are judged by it without being issued again. The answer is read before the commit:
 * afterwards somebody else may have edited it again.
 */
export async function changeCatalogue<T>(
  { sql }: AdminDeps,
  { principal }: Actor,
  { permission, write, answer }: Edit<T>,
): Promise<T> {
  return sql.begin(async (tx) => {
    const authority = await authorise(tx, principal, permission)
    const isChanged = (await write(tx, authority)) !== 'unchanged'
    if (isChanged) await recordCatalogueChange(tx)
    const catalogue = await readCatalogue(tx)
    if (isChanged) tx.committed.push(catalogue)
    return answer(catalogue, tx)
  })
}
