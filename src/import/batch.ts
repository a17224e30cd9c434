import { account as entity, operator } from '../audit/actor.ts'
import { recordAll } from '../audit/record-all.ts'
import { restoreTracesOfMany } from '../auth/traces.ts'
import { isUniqueViolation } from '../db/database.ts'
import type { Tx } from '../db/types.ts'
import type { NewAccount } from './accounts.ts'
import type { ImportDeps } from './deps.ts'
import { insertAccounts, lockLiveRoles, type Outcome } from './queries.ts'

/**
 * What became of an account of a batch; `role-gone`: its role was retired meanwhile; `reserved`: the account that had its
 * address until a few days ago may take it back.
 */
export type BatchOutcome = Outcome | 'role-gone' | 'reserved'

/** Thrown to undo a transaction whose answer is wanted all the same. */
class DryRun extends Error {
  readonly outcomes: Map<string, BatchOutcome>

  constructor(outcomes: Map<string, BatchOutcome>) {
    super('a dry run changes nothing')
    this.outcomes = outcomes
  }
}

/**
 * Puts accounts into the tables, in one transaction with their subscriptions, what was left behind
 * under their addresses, and an audit row each.
 * @param isDryRun has the database judge them, and undoes it
 * @returns what became of each, by its id
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

/** The database refuses reserved addresses, and with one the whole batch: halved again and again, it is found, and the others are in. */
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
