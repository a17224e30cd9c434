import type { Actor as AuditActor, Origin } from '../audit/actor.ts'
import type { AuthedEnv } from './env.ts'
import type { Principal } from './principal.ts'

/** The signed-in person or API key that a request acts for, and where the request came from. */
export type Actor = AuditActor<Principal, Origin>

/** The actor of a request behind `authenticate`. */
export function actorOf(c: { readonly var: AuthedEnv['Variables'] }): Actor {
  return { principal: c.var.principal, origin: c.var.context.origin }
}
