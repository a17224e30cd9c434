import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { account } from '../audit/actor.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import { findDocument, unknownDocument } from './agreements.ts'
import type { ConsentDeps } from './deps.ts'
import { type Consent, insertConsent, listConsents } from './queries.ts'
import type { NewConsent } from './schemas.ts'

/** The person's consents and withdrawals, newest first. */
export function readConsents(deps: ConsentDeps, { accountId }: Principal, { limit, after }: Slice<string>) {
  return listConsents(deps.sql, accountId, limit, after)
}

/**
 * Records agreement to a document, or its withdrawal (GDPR 7(3)), in one statement. Agreement to an earlier version, or
 * to a document that is no longer configured, can be withdrawn too.
 * @throws AppError `validation-failed` for an unknown document or version, `account-disabled`
 */
export async function giveConsent(deps: ConsentDeps, actor: Actor, input: NewConsent): Promise<Consent> {
  const { accountId } = actor.principal
  const { document, version, granted } = input
  const isCurrent = findDocument(deps.config.consentDocuments, document, version) !== undefined
  const details = { document, version }
  const action = granted ? 'consent.grant' : 'consent.withdraw'
  const audit = deps.audit.row(actor, action, account(accountId), { details })
  const written = await insertConsent(deps.sql, accountId, input, { isCurrent, audit })
  if (written) return written
  if (isCurrent) throw new AppError('account-disabled')
  throw new AppError('validation-failed', { errors: [unknownDocument('version')] })
}
