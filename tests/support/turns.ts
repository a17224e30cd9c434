import type { Sql } from '../../src/db/types.ts'
import type { TestApp } from './app.ts'

/** Calls `onTurn` before each statement, and each transaction, with which a request comes to the pool, and awaits it. */
export function interceptTurns({ deps: { db } }: TestApp, onTurn: () => Promise<void>): void {
  const { as } = db
  db.as = (...caller) => intercept(as(...caller), onTurn)
}

type Pending = { handle: () => void }

function intercept(sql: Sql, onTurn: () => Promise<void>): Sql {
  function delay(made: Pending): Pending {
    const { handle } = made
    let begun = false
    made.handle = () => {
      if (begun) return
      begun = true
      void onTurn().then(handle)
    }
    return made
  }
  return new Proxy(sql, {
    apply(target, self, args) {
      const made = Reflect.apply(target as never, self, args)
      return Array.isArray(args[0]) && 'raw' in args[0] ? delay(made as Pending) : made
    },
    get(target, name) {
      if (name === 'begin')
        return async (...work: Parameters<Sql['begin']>) => {
          await onTurn()
          return target.begin(...work)
        }
      if (name === 'unsafe')
        return (...statement: Parameters<Sql['unsafe']>) => delay(target.unsafe(...statement) as unknown as Pending)
      return Reflect.get(target, name)
    },
  })
}
