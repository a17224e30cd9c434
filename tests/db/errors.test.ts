import { afterAll, expect, test } from 'bun:test'
import { AppError } from '../../src/errors/app-error.ts'
import { createDatabase } from '../support/cluster.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'

/** Only what cannot be reached is called unreachable; everything else is told as what it is. */
const database = await createDatabase()
afterAll(() => database.drop())

const cases: [sqlState: string, what: string, code: string, says: string][] = [
  ['55P03', 'a lock that others hold', 'overloaded', 'Others are changing the same thing'],
  ['57014', 'a statement past its time', 'deadline-exceeded', 'a change may still have been made'],
  ['25P03', 'a transaction left idle', 'deadline-exceeded', 'at its deadline'],
  ['25P04', 'a transaction past its time', 'deadline-exceeded', 'at its deadline'],
  ['53100', 'a full disk', 'service-unavailable', 'Nothing can be stored at the moment'],
  ['25006', 'a read-only database', 'service-unavailable', 'Nothing can be stored at the moment'],
  ['53200', 'no memory left', 'overloaded', 'no room for more work'],
  ['53300', 'no connection left', 'overloaded', 'no room for more work'],
  ['53400', 'a limit of the server’s', 'overloaded', 'no room for more work'],
  ['58030', 'a disk that fails', 'service-unavailable', 'The storage of the database fails'],
  ['28P01', 'a wrong password', 'service-unavailable', 'may not use its database'],
  ['28000', 'a role that is not let in', 'service-unavailable', 'may not use its database'],
  ['57P01', 'a server that shuts down', 'database-unavailable', 'look before repeating it'],
  ['57P03', 'a server that starts', 'database-unavailable', 'look before repeating it'],
  ['08006', 'a connection that broke', 'database-unavailable', 'look before repeating it'],
]

test.each(cases)('%s, %s, is %s: “…%s…”', async (sqlState, _, code, says) => {
  const { sql, warnings } = openObserved(database.url)
  const reason = await reasonOf(sql.unsafe(`do $$ begin raise sqlstate '${sqlState}'; end $$`))
  expect(reason).toBeInstanceOf(AppError)
  expect(reason).toMatchObject({ code, detail: expect.stringContaining(says), cause: { code: sqlState } })
  if (code !== 'deadline-exceeded') expect(reason).toMatchObject({ headers: { 'Retry-After': '1' } })
  // Only what says that a connection failed shuts the gate.
  const shuts = ['28', '57', '08'].includes(sqlState.slice(0, 2)) && sqlState !== '57014'
  expect(warnings.includes('the database does not answer; requests wait')).toBe(shuts)
})
