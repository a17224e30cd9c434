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

/** An identity with its provider's name, as people see it. */
export type ShownIdentity = Identity & { displayName: string }

const show = ({ identityProviders }: Pick<SsoDeps, 'identityProviders'>, identity: Identity): ShownIdentity => ({
  ...identity,
  // One that is not configured any more has no other name.
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
 * Adds the identity of a code to the account that began to, and that asks: nobody adds theirs to another's account by its
 * authorisation URL, nor another's to theirs.
 * @throws AppError `invalid-code`, `identity-conflict` where another account has it, `already-exists`, `too-many-identities`,
 *   `mfa-required`, and those of requireStillSignedIn
 */
export async function addIdentity(deps: SsoDeps, actor: Actor, shown: Exchange): Promise<ShownIdentity> {
  const { principal } = actor
  const { accountId } = principal
  const presented = await presentCode(deps, shown, { kind: 'link', accountId })
  const { provider, profile } = presented
  return deps.sql.begin(async (tx) => {
    await requireOwnHands(tx, principal)
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
    await requireOwnHands(tx, actor.principal)
    const provider = await deleteIdentity(tx, accountId, id)
    if (provider === null) throw new AppError('not-found')
    if ((await deps.countSignInMethods(tx, accountId)) === 0) throw new AppError('last-sign-in-method')
    const details = { provider, identityId: id }
    await deps.audit.record(tx, actor, 'identity.unlink', account(accountId), { details })
    await deps.mail.notify(tx, accountId, 'sign-in-method-removed', { method: 'identity' })
  })
}

/** Whoever changes how an account signs in is still signed in, with the second factor where it has one. */
async function requireOwnHands(tx: Tx, principal: Principal): Promise<void> {
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
 * Removes an account's identities, in a transaction that locked its row; the caller audits it, tells the person, and ends the
 * sessions. What was begun and not finished goes, too.
 * @param addedSince only those that were added from that moment on; null: all
 * @returns how many there were
 */
export function removeIdentities(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  return deleteIdentities(tx, accountId, addedSince)
}
