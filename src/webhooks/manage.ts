import type { Actor } from '../access/actor.ts'
import { requireFeatures } from '../access/feature-guards.ts'
import { authorise, lockAccount } from '../access/hierarchy.ts'
import { webhook } from '../audit/actor.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { WebhookDeps } from './deps.ts'
import {
  countEndpoints,
  deleteEndpoint,
  type EndpointItem,
  type EndpointPatch,
  findEndpoint,
  insertEndpoint,
  listEndpoints,
  lockOperatorsEndpoints,
  lockSecret,
  type Owner,
  replaceSecret,
  updateEndpoint,
} from './endpoint-queries.ts'
import { webhookSupport } from './figures.ts'
import type { NewEndpoint } from './schemas.ts'
import { mintSecret } from './signature.ts'
import { refusalOf } from './url.ts'

/** The most endpoints of an account, and of the operators together. */
export const maxEndpoints = { account: 20, operators: 100 }
/** How long the secret before a rotation is still valid: a day. */
const overlapSeconds = 86_400

/** The owner of a route's endpoints: the requesting person, or the operators. */
export type Audience = 'account' | 'operators'

type CreatedEndpoint = EndpointItem & { secret: string | null }
type RotatedSecret = { secret: string | null; earlierSecretUntil: Date }

const ownerOf = (audience: Audience, { principal }: Actor): Owner =>
  audience === 'operators' ? null : principal.accountId

/** Serialises changes of endpoints: a person's by the account's row, the operators' by a lock of their own. */
export async function lockEndpoints(tx: Tx, audience: Audience, actor: Actor): Promise<Owner> {
  const { principal } = actor
  if (audience === 'account') await lockAccount(tx, principal.accountId)
  else {
    await authorise(tx, principal, 'settings.manage')
    await lockOperatorsEndpoints(tx)
  }
  return ownerOf(audience, actor)
}

function requireOwnFeature({ catalogue }: WebhookDeps, audience: Audience, { principal }: Actor): void {
  if (audience === 'account') requireFeatures(catalogue.current, principal, [webhookSupport])
}

/** Checks that events can be delivered to a URL. @throws AppError `validation-failed` */
export function requireDeliverable({ config }: Pick<WebhookDeps, 'config'>, audience: Audience, url: string): void {
  const { privateNetworks, inClear } = config.webhooks
  const refusal = refusalOf(url, { networks: audience === 'operators' ? privateNetworks : [], inClear })
  if (refusal !== null) throw invalid('url', refusal, 'undeliverable')
}

/**
 * The endpoints, newest first. @throws AppError `feature-not-in-plan` for a person without endpoints and without the
 * feature
 */
export async function readEndpoints(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  { limit, after }: Slice<string>,
): Promise<EndpointItem[]> {
  const rows = await listEndpoints(deps.sql, ownerOf(audience, actor), limit, after)
  if (rows.length === 0) requireOwnFeature(deps, audience, actor)
  return rows
}

/** One endpoint. @throws AppError `not-found` when it is not theirs */
export async function readEndpoint(
  { sql }: WebhookDeps,
  audience: Audience,
  actor: Actor,
  id: string,
): Promise<EndpointItem> {
  const found = await findEndpoint(sql, ownerOf(audience, actor), id)
  if (!found) throw new AppError('not-found')
  return found
}

/**
 * Makes an endpoint; its secret is returned only here.
 * @throws AppError as requireDeliverable, `too-many-webhooks`, `account-disabled`
 */
export async function createEndpoint(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  { url, events, description = null }: NewEndpoint,
): Promise<CreatedEndpoint> {
  requireDeliverable(deps, audience, url)
  const id = Bun.randomUUIDv7()
  const secret = mintSecret()
  const encrypted = deps.secrets.encrypt(secret, { table: 'webhook_endpoints', column: 'secret', id })
  return deps.sql.begin(async (tx) => {
    const owner = await lockEndpoints(tx, audience, actor)
    if ((await countEndpoints(tx, owner)) >= maxEndpoints[audience]) throw new AppError('too-many-webhooks')
    const row = {
      id,
      owner,
      createdBy: actor.principal.accountId,
      url: new URL(url).href,
      description,
      events: [...new Set(events)],
    }
    const created = await insertEndpoint(tx, { ...row, secret: encrypted })
    if (!created) throw new AppError('account-disabled')
    await deps.audit.record(tx, actor, 'webhook.create', webhook(id), {
      ...subjectOf(owner),
      details: { events },
      after: { url: row.url, description },
    })
    return { ...created, secret }
  })
}

/** Changes an endpoint. @throws AppError as requireDeliverable, `not-found` when it is not theirs */
export async function changeEndpoint(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  [id, patch]: [id: string, patch: EndpointPatch],
): Promise<EndpointItem> {
  if (patch.url !== undefined) requireDeliverable(deps, audience, patch.url)
  const wanted = {
    ...patch,
    ...(patch.url !== undefined && { url: new URL(patch.url).href }),
    ...(patch.events !== undefined && { events: [...new Set(patch.events)] }),
  }
  return deps.sql.begin(async (tx) => {
    const owner = await lockEndpoints(tx, audience, actor)
    const before = await findEndpoint(tx, owner, id)
    const after = before && (await updateEndpoint(tx, owner, id, wanted))
    if (!after) throw new AppError('not-found')
    const personal = ({ url, description }: EndpointItem) => ({ url, description })
    await deps.audit.record(tx, actor, 'webhook.update', webhook(id), {
      ...subjectOf(owner),
      details: { events: after.events, enabled: after.enabled },
      before: personal(before),
      after: personal(after),
    })
    return after
  })
}

/**
 * Deletes an endpoint with its waiting deliveries, on any plan.
 * @throws AppError `not-found` when it is not theirs; as readEndpoints
 */
export async function removeEndpoint(deps: WebhookDeps, audience: Audience, actor: Actor, id: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const owner = await lockEndpoints(tx, audience, actor)
    if (!(await deleteEndpoint(tx, owner, id))) {
      requireOwnFeature(deps, audience, actor)
      throw new AppError('not-found')
    }
    await deps.audit.record(tx, actor, 'webhook.delete', webhook(id), subjectOf(owner))
  })
}

/**
 * Replaces an endpoint's secret; the one before is valid for a day more. @throws AppError `not-found` when it is not
 * theirs
 */
export async function rotateSecret(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  id: string,
): Promise<RotatedSecret> {
  const secret = mintSecret()
  const place = (column: string) => ({ table: 'webhook_endpoints', column, id })
  return deps.sql.begin(async (tx) => {
    const owner = await lockEndpoints(tx, audience, actor)
    const current = await lockSecret(tx, owner, id)
    if (!current) throw new AppError('not-found')
    // When the key of the present secret is lost, it can sign nothing: the new secret also replaces the earlier one.
    const isReadable = deps.secrets.isKnown(current)
    const signing = isReadable ? deps.secrets.decrypt(current, place('secret')) : secret
    const earlier = deps.secrets.encrypt(signing, place('earlier_secret'))
    const encrypted = deps.secrets.encrypt(secret, place('secret'))
    const earlierSecretUntil = await replaceSecret(tx, owner, id, { secret: encrypted, earlier, overlapSeconds })
    if (!earlierSecretUntil) throw new AppError('not-found')
    await deps.audit.record(tx, actor, 'webhook.rotate', webhook(id), subjectOf(owner))
    return { secret, earlierSecretUntil }
  })
}

/** The account that an audit row about an endpoint belongs to; none for the operators'. */
export const subjectOf = (owner: Owner) => (owner === null ? {} : { subjectId: owner })
