import type { Origin } from '../http/request.ts'

export type { Origin } from '../http/request.ts'

/** The part of a principal that the trail stores. */
type Person = { accountId: string }

/**
 * Who acts, and from where. Services take it as their second parameter. `principal` is null where nobody is signed in;
 * `origin` is null outside a request, and where the address must not be stored.
 */
export type Actor<P extends Person | null = Person | null, O extends Origin | null = Origin | null> = {
  principal: P
  origin: O
}

/** The actor of a request that is not signed in. */
export const anonymous = (origin: Origin): Actor<null, Origin> => ({ principal: null, origin })

/** The actor of the command line: no person and no request. */
export const operator: Actor<null, null> = { principal: null, origin: null }

/** The object of an action. */
export type Entity = {
  type:
    | 'account'
    | 'api_key'
    | 'audit'
    | 'billing_event'
    | 'directory'
    | 'feature'
    | 'job'
    | 'mail'
    | 'plan'
    | 'role'
    | 'session'
    | 'team'
    | 'webhook'
  id: string | null
}

/** An account; null: one that is not known. */
export const account = (id: string | null): Entity => ({ type: 'account', id })
/** An API key. */
export const apiKey = (id: string): Entity => ({ type: 'api_key', id })
/** A session. */
export const session = (id: string): Entity => ({ type: 'session', id })
/** A role. */
export const role = (name: string): Entity => ({ type: 'role', id: name })
/** A plan of the catalogue. */
export const plan = (name: string): Entity => ({ type: 'plan', id: name })
/** A feature of the catalogue. */
export const feature = (name: string): Entity => ({ type: 'feature', id: name })
/** A mail of the outbox; null: all of them. */
export const mail = (id: string | null): Entity => ({ type: 'mail', id })
/** A notification in a payment provider's inbox; null: all of them. */
export const billingEvent = (id: string | null): Entity => ({ type: 'billing_event', id })
/** A job of the schedule. */
export const job = (name: string): Entity => ({ type: 'job', id: name })
/** An endpoint of webhooks. */
export const webhook = (id: string): Entity => ({ type: 'webhook', id })
/** A team. */
export const team = (id: string): Entity => ({ type: 'team', id })
/** A search of the accounts. */
export const directory: Entity = { type: 'directory', id: null }
/** A search of the whole trail. */
export const auditTrail: Entity = { type: 'audit', id: null }
