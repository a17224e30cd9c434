import { account as accountEntity } from '../audit/actor.ts'
import { type FederatedPerson, openFederated, openFederatedToVerify } from '../auth/federated-registration.ts'
import { recordSignIn } from '../auth/passwordless.ts'
import type { SessionBody } from '../auth/session-body.ts'
import { completeSignIn } from '../auth/sign-in.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { useCode } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import { ChangedMeanwhileError, type Entry, knownDevice } from './entry.ts'
import { countIdentities, insertIdentity, lockStanding, maxIdentities, type Standing } from './queries.ts'
import { mayJoin } from './verdict.ts'

/** Adds the identity to the account with the same verified address, and signs in. Checked again on the locked row. */
export async function join(deps: SsoDeps, entry: Entry, account: Standing): Promise<SessionBody> {
  const { presented, origin } = entry
  const { provider, profile } = presented
  const session = await completeSignIn(deps, account.id, {
    method: 'identity',
    amr: ['fed'],
    origin,
    isNewDevice: knownDevice(deps, entry, account) === null,
    details: { provider },
    async prove(tx) {
      const current = await lockStanding(tx, account.id)
      if (!current || profile.email === null || !mayJoin(current, profile.email)) throw new ChangedMeanwhileError()
      if ((await countIdentities(tx, account.id)) >= maxIdentities) throw new AppError('too-many-identities')
      const id = Bun.randomUUIDv7()
      if (!(await insertIdentity(tx, { id, accountId: account.id, provider, profile })))
        throw new ChangedMeanwhileError()
      await useCode(tx, presented)
      const actor = { principal: { accountId: account.id }, origin }
      const details = { provider, identityId: id, by: 'address' }
      await deps.audit.record(tx, actor, 'identity.link', accountEntity(account.id), { details })
      await deps.mail.notify(tx, account.id, 'sign-in-method-added', { method: 'identity' })
      return recordSignIn(tx, account.id, origin)
    },
  })
  if (!session) throw new ChangedMeanwhileError()
  return session
}

/**
 * Opens an account without a password, and its first session. Where addresses must be verified and the provider is not trusted for this
 * one, the account is made without a session and waits for the link in its mail.
 * @throws AppError `email-not-verified`
 */
export async function register(deps: SsoDeps, entry: Entry, email: string): Promise<SessionBody> {
  const { origin, presented } = entry
  const { provider, profile } = presented
  const { firstName, lastName, language, timezone, isTrusted: emailVerified } = profile
  const person = { id: Bun.randomUUIDv7(), email, emailVerified, firstName, lastName, language, timezone }
  const details = { provider }
  if (deps.config.requireEmailVerification && !emailVerified) {
    await deps.sql.begin(async (tx) => {
      await useCode(tx, presented)
      await openFederatedToVerify(tx, deps, person, { origin, details })
      await addFirst(tx, entry, person)
    })
    throw new AppError('email-not-verified')
  }
  const session = await completeSignIn(deps, person.id, {
    method: 'registration',
    amr: ['fed'],
    origin,
    details,
    addressHashes: deps.traceKeys(email),
    async prove(tx) {
      await useCode(tx, presented)
      await openFederated(tx, deps, person)
      await addFirst(tx, entry, person)
      return true
    },
  })
  if (!session) throw new Error('an account that was made now can sign in')
  return session
}

/** Adds the new account's identity. Where another account got it first, the transaction is rolled back. */
async function addFirst(tx: Tx, { presented: { provider, profile } }: Entry, { id }: FederatedPerson): Promise<void> {
  const made = await insertIdentity(tx, { id: Bun.randomUUIDv7(), accountId: id, provider, profile })
  if (!made) throw new ChangedMeanwhileError()
}
