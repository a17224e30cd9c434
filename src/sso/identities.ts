import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { requireOwnFactor } from '../access/strength.ts'
import { account } from '../audit/actor.ts'
import { requireStillSignedIn } from '../auth/sessions.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import { presentCode, useCode } from './codes.ts'
import type { SsoDeps } from './deps.ts'
import {
  countIdentities,
  deleteIdentities,
  deleteIdentity,
  findOwner,
  type Identity,
  insertIdentity,
  listIdentities,
  lockStanding,
  maxIdentities,
} from './queries.ts'
import type { Exchange } from './schemas.ts'

/** An identity with its provider's display name. */
type ShownIdentity = Identity & { displayName: string }

const show = ({ identityProviders }: Pick<SsoDeps, 'identityProviders'>, identity: Identity): ShownIdentity => ({
  ...identity,
  // A provider that is no longer configured is shown by its id.
  displayName: identityProviders.find(identity.provider)?.displayName ?? identity.provider,
})

/** The person's identities, newest first. */
export async function readIdentities(
  deps: Pick<SsoDeps, 'sql' | 'identityProviders'>,
  { accountId }: Pick<Principal, 'accountId'>,
  { limit, after }: Slice<string>,
): Promise<ShownIdentity[]> {
  return (await listIdentities(deps.sql, accountId, limit, after)).map((identity) => show(deps, identity))
}

/**
 * Adds the identity of a code to the requesting account, which must be the one that began. So nobody can add their own identity to
 * another account, or another person's to their own, by passing on an authorization URL (login CSRF).
 * @throws AppError `invalid-code`, `identity-conflict` where another account has it, `already-exists`, `too-many-identities`,
 *   `mfa-required`, and those of requireStillSignedIn
 */
export async function addIdentity(deps: SsoDeps, actor: Actor, shown: Exchange): Promise<ShownIdentity> {
  const { principal } = actor
  const { accountId } = principal
  const presented = await presentCode(deps, shown, { kind: 'link', accountId })
  const { provider, profile } = presented
  return deps.sql.begin(async (tx) => {
    await requireOwnSignIn(tx, principal)
    await useCode(tx, presented)
    const made = await insertIdentity(tx, { id: Bun.randomUUIDv7(), accountId, provider, profile })
    if (!made) throw await conflictOf(tx, accountId, profile)
    if ((await countIdentities(tx, accountId)) > maxIdentities) throw new AppError('too-many-identities')
    const details = { provider, identityId: made.id }
    await deps.audit.record(tx, actor, 'identity.link', account(accountId), { details })
    await deps.mail.notify(tx, accountId, 'sign-in-method-added', { method: 'identity' })
    return show(deps, made)
  })
}

async function conflictOf(tx: Tx, accountId: string, profile: Parameters<typeof findOwner>[1]): Promise<AppError> {
  const owner = await findOwner(tx, profile)
  return owner?.id === accountId
    ? new AppError('already-exists', { members: { field: 'identity' } })
    : new AppError('identity-conflict')
}

/**
 * Removes an identity of the person. @throws AppError `not-found` when it is not theirs, `last-sign-in-method`, `mfa-required`,
 * and those of requireStillSignedIn
 */
export async function removeIdentity(deps: SsoDeps, actor: Actor, id: string): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await requireOwnSignIn(tx, actor.principal)
    const provider = await deleteIdentity(tx, accountId, id)
    if (provider === null) throw new AppError('not-found')
    if ((await deps.countSignInMethods(tx, accountId)) === 0) throw new AppError('last-sign-in-method')
    const details = { provider, identityId: id }
    await deps.audit.record(tx, actor, 'identity.unlink', account(accountId), { details })
    await deps.mail.notify(tx, accountId, 'sign-in-method-removed', { method: 'identity' })
  })
}

/** Requires that the person is still signed in, with a second factor where the account has one. */
async function requireOwnSignIn(tx: Tx, principal: Principal): Promise<void> {
  await requireStillSignedIn(tx, principal)
  const account = await lockStanding(tx, principal.accountId)
  requireOwnFactor(principal, account?.secondFactors ?? [])
}

/** How many identities an account can sign in with: those of providers that are configured. */
export function countUsableIdentities(
  deps: Pick<SsoDeps, 'identityProviders'>,
  tx: Tx,
  accountId: string,
): Promise<number> {
  return countIdentities(tx, accountId, deps.identityProviders.ids())
}

/**
 * Removes an account's identities and its pending codes, in a transaction that locked its row; the caller audits it, notifies the
 * person, and ends the sessions.
 * @param addedSince only identities that were added since this moment; null: all
 * @returns how many were removed
 */
export function removeIdentities(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  return deleteIdentities(tx, accountId, addedSince)
}
