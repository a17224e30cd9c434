import { rateLimitKey } from '../addresses/client-ip.ts'
import type { Caller } from '../async/caller.ts'
import type { Sql } from '../db/types.ts'
import type { RequestContext, Services } from './request.ts'

type Passwords = Services['passwords']
type Overrides = { hash: { value: Passwords['hash'] }; verify: { value: Passwords['verify'] } }
type CallerDeps = Services & { context: RequestContext; caller?: Caller; callersSql?: Sql }

/**
 * The deps as one request sees them: its statements and password checks wait in its caller's line, and
 * no transaction of its commits once its client left. Made for every request,
 * so it holds nothing until somebody asks for those; the rest is inherited. Take copies with `Object.create`, not by spreading.
 */
export function createCallerDeps(deps: Services): (context: RequestContext) => Services {
  const prototype: object = Object.create(deps, {
    sql: {
      get(this: CallerDeps): Sql {
        this.callersSql ??= deps.db.as(callerOf(this), this.context)
        return this.callersSql
      },
    },
    reportLimit: {
      get(this: CallerDeps): Services['reportLimit'] {
        const { context } = this
        return (count) => {
          const { rateLimit } = context
          if (!rateLimit || count.limit - count.used < rateLimit.limit - rateLimit.used) context.rateLimit = count
        }
      },
    },
    passwords: {
      get(this: CallerDeps): Passwords {
        const caller = callerOf(this)
        return Object.create(deps.passwords, {
          hash: { value: (password, signal) => deps.passwords.hash(password, signal, caller) },
          verify: { value: (hash, password, signal) => deps.passwords.verify(hash, password, signal, caller) },
        } satisfies Overrides)
      },
    },
  })
  // A constructor, for it is much faster than `Object.create` and an assignment.
  function Own(this: CallerDeps, context: RequestContext) {
    this.context = context
  }
  Own.prototype = prototype
  return (context) => new (Own as unknown as new (context: RequestContext) => Services)(context)
}

/** Asked for by handlers alone: who signed in is known by then. */
function callerOf(own: CallerDeps): Caller {
  const { context } = own
  own.caller ??= context.principal
    ? { key: context.principal.accountId, isAccount: true, admitted: false }
    : networkOf(context.ip)
  return own.caller
}

/** Who did not sign in shares a line with the network that one subscriber holds. */
export function networkOf(ip: string): Caller {
  return { key: rateLimitKey(ip), isAccount: false, admitted: false }
}

/** The same deps with another handle in the pool's place, such as a transaction. */
export function withSql(deps: Services, sql: Sql): Services {
  return Object.create(deps, { sql: { value: sql } })
}
