/**
 * A column with values of `Secrets`, each bound to its table, column and id (a uuid). Each room declares its own, so
 * that a change of key reaches all of them.
 */
export type EncryptedColumn = { table: string; column: string; id: string }
