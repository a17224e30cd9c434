import type { Db } from '../db/types.ts'
import { AppError, type FieldError } from '../errors/app-error.ts'
import { insertAgreed } from './queries.ts'
import type { Agreed } from './schemas.ts'
import type { ConsentDocument } from './variables.ts'

/**
 * Checks the consents of a new account, before anything is hashed or written.
 * @throws AppError `validation-failed` naming each document that is unknown, repeated, or required and missing
 */
export function requireConsents(
  documents: readonly ConsentDocument[],
  agreed: readonly Agreed[] = [],
): readonly Agreed[] {
  const errors: FieldError[] = agreed.flatMap(({ document, version }, i) => {
    if (agreed.findIndex((other) => other.document === document) < i)
      return { path: `consents.${i}`, message: 'Name each document once.', code: 'duplicate' }
    return findDocument(documents, document, version) ? [] : unknownDocument(`consents.${i}`)
  })
  for (const { document, version } of dueOf(documents, Object.fromEntries(agreed.map((a) => [a.document, a.version]))))
    errors.push({ path: 'consents', message: `Agree to ${document}, version ${version}.`, code: 'required' })
  if (errors.length > 0) throw new AppError('validation-failed', { errors })
  return agreed
}

/**
 * Writes consents that requireConsents has checked, in the transaction that activates an existing account: one
 * statement; none without consents. The caller's audit row names them.
 */
export async function recordConsents(tx: Db, accountId: string, agreed: readonly Agreed[]): Promise<void> {
  if (agreed.length > 0) await insertAgreed(tx, accountId, agreed)
}

/**
 * Required documents without agreement to the version in force.
 * @param agreements of the account's row: {document: version}
 */
export function dueOf(documents: readonly ConsentDocument[], agreements: Readonly<Record<string, string>>): Agreed[] {
  return documents
    .filter(({ document, version, required }) => required && agreements[document] !== version)
    .map(({ document, version }) => ({ document, version }))
}

/** A document in the version that is in force. */
export function findDocument(
  documents: readonly ConsentDocument[],
  document: string,
  version: string,
): ConsentDocument | undefined {
  return documents.find((known) => known.document === document && known.version === version)
}

/** The error of a document that is not in force in that version. @param path of the input */
export const unknownDocument = (path: string): FieldError => ({
  path,
  message: 'There is no such document in that version.',
  code: 'unknown',
})
