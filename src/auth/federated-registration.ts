import { mailLink } from '../account-links/mailed-links.ts'
import { account as entity, type Origin } from '../audit/actor.ts'
import type { Tx } from '../db/types.ts'
import type { AuthDeps } from './deps.ts'
import { insertAccount, markVerified, type NewAccount } from './registration-queries.ts'
import { restoreTraces } from './traces.ts'

/** The person of a new account, from a provider's claims. `emailVerified`: the provider's claim counts as proof of the address. */
export type FederatedPerson = Pick<NewAccount, 'id' | 'email' | 'firstName' | 'lastName' | 'language' | 'timezone'> & {
  emailVerified: boolean
}

/** An account without a password and without consents: `consentsDue` tells the app which documents are due. */
const toAccount = ({ emailVerified: _, ...person }: FederatedPerson): NewAccount => ({
  ...person,
  passwordHash: null,
  phoneNumber: null,
  role: 'user',
  agreed: [],
})

/**
 * Creates an account on the free plan in the transaction of its first sign-in, whose audit row covers both. An unverified address is
 * sent the same link as after a registration. Two statements.
 */
export async function openFederated(tx: Tx, deps: AuthDeps, person: FederatedPerson): Promise<void> {
  await insertAccount(tx, toAccount(person))
  await proveAddress(tx, deps, person)
}

/** Creates an account that cannot sign in until its address is verified; with an audit row of its own. */
export async function openFederatedToVerify(
  tx: Tx,
  deps: AuthDeps,
  person: FederatedPerson,
  { origin, details }: { origin: Origin; details: Record<string, unknown> },
): Promise<void> {
  const actor = { principal: { accountId: person.id }, origin }
  await insertAccount(tx, toAccount(person), deps.audit.row(actor, 'account.create', entity(person.id), { details }))
  await restoreTraces(tx, person.id, deps.traceKeys(person.email))
  await proveAddress(tx, deps, person)
}

async function proveAddress(tx: Tx, deps: AuthDeps, person: FederatedPerson): Promise<void> {
  if (person.emailVerified) await markVerified(tx, person.id)
  else if (deps.mail.isOn) await mailLink(tx, deps, 'verify-email', { owner: person, email: person.email })
}
