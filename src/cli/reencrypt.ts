import { reencrypt } from '../secrets/reencrypt.ts'
import { type Invocation, withDeps } from './command.ts'
import { encryptedColumns } from './encrypted-columns.ts'

/** `keys reencrypt`: re-encrypts under DATA_KEY what is encrypted under DATA_KEY_PREVIOUS, while instances serve. */
export function runReencrypt(invocation: Invocation): Promise<number> {
  const { print } = invocation
  return withDeps(invocation, async ({ sql, secrets }) => {
    let unreadable = 0
    for (const column of encryptedColumns) {
      const done = await reencrypt(sql, secrets, column)
      print(`${column.table}.${column.column}: ${done.renewed} encrypted anew, ${done.unreadable} unreadable`)
      unreadable += done.unreadable
    }
    print(
      unreadable > 0
        ? 'Some values are under a key that is neither DATA_KEY nor in DATA_KEY_PREVIOUS: put it there and run this again.'
        : `Everything is under DATA_KEY (${secrets.keyId}). Once every instance has it, DATA_KEY_PREVIOUS can be unset.`,
    )
    return unreadable > 0 ? 1 : 0
  })
}
