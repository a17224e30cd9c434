import type { Origin } from '../http/request.ts'

export type { Origin } from '../http/request.ts'

/** The part of a principal that the trail keeps. */
type Person = { accountId: string }

/**
 * Who acts, and from where. Services take it as their second parameter. `principal` is null where
 * nobody is signed in; `origin` is null outside a request, or where the address must not be stored.
 */
export type Actor<P extends Person | null = Person | null, O extends Origin | null = Origin | null> = {
  principal: P
  origin: O
}

/** The actor of a request before anybody is signed in. */
export const anonymous = (origin: Origin): Actor<null, Origin> => ({ principal: null, origin })

/** The command line: no person and no request. */
export const operator: Actor<null, null> = { principal: null, origin: null }

/** What was acted on. */
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

export const account = (id: string | null): Entity => ({ type: 'account', id })
export const apiKey = (id: string): Entity => ({ type: 'api_key', id })
export const session = (id: string): Entity => ({ type: 'session', id })
export const role = (name: string): Entity => ({ type: 'role', id: name })
export const plan = (name: string): Entity => ({ type: 'plan', id: name })
export const feature = (name: string): Entity => ({ type: 'feature', id: name })
/** A mail of the outbox; null: all of them. */
export const mail = (id: string | null): Entity => ({ type: 'mail', id })
/** Of a payment provider's inbox; null: all of it. */
export const billingEvent = (id: string | null): Entity => ({ type: 'billing_event', id })
/** A job of the schedule. */
export const job = (name: string): Entity => ({ type: 'job', id: name })
/** An endpoint that events are delivered to. */
export const webhook = (id: string): Entity => ({ type: 'webhook', id })
export const team = (id: string): Entity => ({ type: 'team', id })
/** A search of the accounts. */
export const directory: Entity = { type: 'directory', id: null }
/** A search of the whole trail. */
export const auditTrail: Entity = { type: 'audit', id: null }
