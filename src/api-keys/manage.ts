import type { Actor } from '../access/actor.ts'
import { lockAccount } from '../access/hierarchy.ts'
import type { Principal } from '../access/principal.ts'
import { apiKey as entity } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import { hashToken } from '../crypto/hash.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { ApiKeyDeps } from './deps.ts'
import { mintApiKey } from './format.ts'
import { type ApiKeyItem, countApiKeys, deleteApiKey, findOwnApiKey, insertApiKey, listApiKeys } from './queries.ts'
import type { NewApiKey } from './schemas.ts'

/** The most keys of an account; expired ones count until they are deleted. */
export const maxApiKeys = 20
const defaultPermissions = ['profile.read', 'dashboard.read']

export type CreatedApiKey = Omit<ApiKeyItem, 'lastUsedAt' | 'expiresAt'> & {
  expiresAt: string | null
  key: string | null
}

/**
 * Checks that the person holds every permission that the key lists. A key without a list is checked at each use.
 * @throws AppError `validation-failed` (an unknown permission, an end that has passed), `permission-denied`
 */
export function requireOwnToGive(
  deps: Pick<ApiKeyDeps, 'catalogue' | 'now'>,
  principal: Principal,
  requested: Omit<NewApiKey, 'password'>,
): void {
  const { permissions = [], expiresAt } = requested
  const unknown = permissions.findIndex((name) => !deps.catalogue.current.permissions.has(name))
  if (unknown !== -1)
    throw invalid(`permissions.${unknown}`, `There is no permission "${permissions[unknown]}".`, 'unknown')
  if (expiresAt && Date.parse(expiresAt) <= deps.now()) throw hasPassed()
  const lacking = permissions.filter((name) => !principal.permissions.includes(name))
  if (lacking.length > 0) throw new AppError('permission-denied', { members: { requiredPermissions: lacking } })
}

/**
 * Makes a key and returns it, which is the only time: only its hash is stored.
 * @param lockSignIn locks the owner's row, and throws where the session or the password of the request is no longer
 *   valid
 * @throws AppError as requireOwnToGive and lockSignIn, `too-many-api-keys`
 */
export async function createApiKey(
  deps: ApiKeyDeps,
  actor: Actor,
  requested: Omit<NewApiKey, 'password'>,
  lockSignIn: (tx: Tx) => Promise<unknown>,
): Promise<CreatedApiKey> {
  requireOwnToGive(deps, actor.principal, requested)
  const { accountId } = actor.principal
  const { name, expiresAt = null } = requested
  const permissions = [...new Set(requested.permissions ?? defaultPermissions)].sort()
  const ipRanges = requested.ipRanges ? [...new Set(requested.ipRanges)] : null
  const { key, prefix } = mintApiKey()
  const id = Bun.randomUUIDv7()
  const createdAt = await deps.sql.begin(async (tx) => {
    // Locks the owner's row, so that keys are counted and made one after another.
    await lockSignIn(tx)
    if ((await countApiKeys(tx, accountId)) >= maxApiKeys) throw new AppError('too-many-api-keys')
    const row = { id, accountId, name, prefix, hash: hashToken(key), permissions, ipRanges, expiresAt }
    const inserted = await insertApiKey(tx, row)
    if (!inserted) throw hasPassed()
    const details = { prefix, permissions, expiresAt }
    await deps.audit.record(tx, actor, 'api_key.create', entity(id), { details, after: { name, ipRanges } })
    await deps.mail.notify(tx, accountId, 'api-key-created', { prefix, ip: actor.origin.ip })
    return inserted.createdAt
  })
  return { id, name, prefix, key, permissions, expiresAt, ipRanges, createdAt }
}

/** The person's keys, newest first. */
export async function readApiKeys(
  deps: Pick<ApiKeyDeps, 'sql' | 'apiKeys'>,
  { accountId }: Pick<Principal, 'accountId'>,
  { limit, after }: Slice<string>,
): Promise<ApiKeyItem[]> {
  await deps.apiKeys.flush()
  return listApiKeys(deps.sql, accountId, limit, after)
}

/** One of the person's own keys. @throws AppError `not-found` when it is not theirs */
export async function readApiKey(deps: ApiKeyDeps, { accountId }: Principal, id: string): Promise<ApiKeyItem> {
  await deps.apiKeys.flush()
  const found = await findOwnApiKey(deps.sql, accountId, id)
  if (!found) throw new AppError('not-found')
  return found
}

/** Deletes a key; every instance refuses it as soon as it has read the change. @throws AppError `not-found` when it is not theirs */
export async function removeApiKey(deps: ApiKeyDeps, actor: Actor, id: string): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await lockAccount(tx, accountId)
    const deleted = await deleteApiKey(tx, accountId, id)
    if (!deleted) throw new AppError('not-found')
    // The change makes every instance read the account's keys again.
    await recordAuthzChange(tx, { accountId })
    await deps.audit.record(tx, actor, 'api_key.delete', entity(id), { details: { prefix: deleted.prefix } })
  })
}

function hasPassed(): AppError {
  return invalid('expiresAt', 'Send a time that is still to come.', 'past')
}
