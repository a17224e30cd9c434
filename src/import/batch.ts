import { account as entity, operator } from '../audit/actor.ts'
import { recordAll } from '../audit/record-all.ts'
import { restoreTracesOfMany } from '../auth/traces.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Tx } from '../db/types.ts'
import type { NewAccount } from './accounts.ts'
import type { ImportDeps } from './deps.ts'
import { insertAccounts, lockLiveRoles, type Outcome } from './queries.ts'

/**
 * The outcome of an account of a batch. `role-gone`: its role was retired meanwhile. `reserved`: another account gave
 * up the address some days ago and can still undo that.
 */
export type BatchOutcome = Outcome | 'role-gone' | 'reserved'

/** Thrown to roll back a transaction whose result is needed. */
class DryRun extends Error {
  readonly outcomes: Map<string, BatchOutcome>

  constructor(outcomes: Map<string, BatchOutcome>) {
    super('a dry run changes nothing')
    this.outcomes = outcomes
  }
}

/**
 * Inserts accounts in one transaction, with their subscriptions, the traces stored under their addresses, and an audit
 * row each.
 * @param isDryRun checks them in the database and rolls back
 * @returns the outcome of each account, by id
 */
export async function importBatch(
  deps: ImportDeps,
  accounts: NewAccount[],
  isDryRun: boolean,
): Promise<Map<string, BatchOutcome>> {
  if (accounts.length === 0) return new Map()
  try {
    return await deps.sql.begin(async (tx) => {
      const outcomes = await write(deps, tx, accounts)
      if (isDryRun) throw new DryRun(outcomes)
      return outcomes
    })
  } catch (error) {
    if (error instanceof DryRun) return error.outcomes
    if (!isUniqueViolation(error, 'user_accounts_email_key')) throw error
    return importHalves(deps, accounts, isDryRun)
  }
}

/**
 * The database refuses reserved addresses, and with one of them the whole batch: it is halved until the reserved ones
 * are found and the others inserted.
 */
async function importHalves(
  deps: ImportDeps,
  accounts: NewAccount[],
  isDryRun: boolean,
): Promise<Map<string, BatchOutcome>> {
  const [only, ...more] = accounts
  if (only && more.length === 0) return new Map([[only.id, 'reserved']])
  const middle = accounts.length >> 1
  const first = await importBatch(deps, accounts.slice(0, middle), isDryRun)
  return new Map([...first, ...(await importBatch(deps, accounts.slice(middle), isDryRun))])
}

async function write(deps: ImportDeps, tx: Tx, accounts: NewAccount[]): Promise<Map<string, BatchOutcome>> {
  const usual = new Set(['user', 'subscriber'])
  const roles = [...new Set(accounts.map(({ role }) => role))].filter((role) => !usual.has(role))
  const live = new Set(roles.length > 0 ? await lockLiveRoles(tx, roles) : [])
  const mayGive = ({ role }: NewAccount) => usual.has(role) || live.has(role)
  const outcomes = new Map<string, BatchOutcome>(accounts.map(({ id }) => [id, 'role-gone']))
  for (const { id, outcome } of await insertAccounts(tx, accounts.filter(mayGive))) outcomes.set(id, outcome)
  const inserted = accounts.filter(({ id }) => outcomes.get(id) === 'inserted')
  if (inserted.length === 0) return outcomes
  await restoreTracesOfMany(
    tx,
    inserted.map(({ id, email }) => ({ id, addressHashes: deps.traceKeys(email) })),
  )
  await recordAll(
    tx,
    inserted.map(({ id, role, plan, planEndsAt, status }) =>
      deps.audit.row(operator, 'account.import', entity(id), {
        details: { by: 'command-line', role, plan, planEndsAt, status },
      }),
    ),
  )
  return outcomes
}
