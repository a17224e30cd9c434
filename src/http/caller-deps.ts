import { rateLimitKey } from '../addresses/client-ip.ts'
import type { Caller } from '../async/caller.ts'
import type { Sql } from '../db/types.ts'
import type { RequestContext, Services } from './request.ts'

type Passwords = Services['passwords']
type Overrides = { hash: { value: Passwords['hash'] }; verify: { value: Passwords['verify'] } }
type CallerDeps = Services & { context: RequestContext; caller?: Caller; callersSql?: Sql }

/**
 * The deps of one request: its statements and password checks queue fairly by caller, and its transactions do not
 * commit after its client has disconnected. Created for every request, so members are made on first use and the rest is
 * inherited. Copy it with `Object.create`; spreading would lose the inherited members.
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
  // A constructor: much faster than `Object.create` and an assignment.
  function Own(this: CallerDeps, context: RequestContext) {
    this.context = context
  }
  Own.prototype = prototype
  return (context) => new (Own as unknown as new (context: RequestContext) => Services)(context)
}

/** Called by handlers only, when the principal is known. */
function callerOf(own: CallerDeps): Caller {
  const { context } = own
  own.caller ??= context.principal
    ? { key: context.principal.accountId, isAccount: true, admitted: false }
    : networkOf(context.ip)
  return own.caller
}

/** Anonymous requests queue by the network of one subscriber (IPv6: /64). */
export function networkOf(ip: string): Caller {
  return { key: rateLimitKey(ip), isAccount: false, admitted: false }
}

/** The same deps with another `sql`, such as a transaction. */
export function withSql(deps: Services, sql: Sql): Services {
  return Object.create(deps, { sql: { value: sql } })
}
