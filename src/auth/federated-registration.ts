import { mailLink } from '../account-links/mailed-links.ts'
import { account as entity, type Origin } from '../audit/actor.ts'
import type { Tx } from '../db/types.ts'
import type { AuthDeps } from './deps.ts'
import { insertAccount, markVerified, type NewAccount } from './registration-queries.ts'
import { takeOverTraces } from './traces.ts'

/** Who opens an account at another provider's word. `emailVerified`: that word counts as proof of the address. */
export type FederatedPerson = Pick<NewAccount, 'id' | 'email' | 'firstName' | 'lastName' | 'language' | 'timezone'> & {
  emailVerified: boolean
}

/** An account without a password, which agreed to nothing yet: `consentsDue` tells its app what waits. */
const toAccount = ({ emailVerified: _, ...person }: FederatedPerson): NewAccount => ({
  ...person,
  passwordHash: null,
  phoneNumber: null,
  role: 'user',
  agreed: [],
})

/**
 * Opens an account on the free plan in the transaction of its first sign-in, whose audit row tells of both. An address that
 * nobody proved gets the link of a registration. Two statements.
 */
export async function openFederated(tx: Tx, deps: AuthDeps, person: FederatedPerson): Promise<void> {
  await insertAccount(tx, toAccount(person))
  await proveAddress(tx, deps, person)
}

/** The same where nobody signs in before the address is proved, with an audit row of its own. */
export async function openFederatedToVerify(
  tx: Tx,
  deps: AuthDeps,
  person: FederatedPerson,
  { origin, details }: { origin: Origin; details: Record<string, unknown> },
): Promise<void> {
  const actor = { principal: { accountId: person.id }, origin }
  await insertAccount(tx, toAccount(person), deps.audit.row(actor, 'account.create', entity(person.id), { details }))
  await takeOverTraces(tx, person.id, deps.traceKeys(person.email))
  await proveAddress(tx, deps, person)
}

async function proveAddress(tx: Tx, deps: AuthDeps, person: FederatedPerson): Promise<void> {
  if (person.emailVerified) await markVerified(tx, person.id)
  else if (deps.mail.isOn) await mailLink(tx, deps, 'verify-email', { owner: person, email: person.email })
}
