import type { Actor } from '../../access/actor.ts'
import { authorise, authoriseOver } from '../../access/hierarchy.ts'
import { networkOf } from '../../addresses/networks.ts'
import { readApiKeys } from '../../api-keys/manage.ts'
import { account as entity } from '../../audit/actor.ts'
import { countPasswords } from '../../auth/passwordless.ts'
import { endLiveSession, listOwnSessions } from '../../auth/sessions.ts'
import { readPayments } from '../../billing/payments.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Slice } from '../../http/output/page.ts'
import { readFactors } from '../../mfa/factors.ts'
import { readPasskeys } from '../../passkeys/manage.ts'
import { readIdentities } from '../../sso/identities.ts'
import { readTeamOf } from '../../teams/team.ts'
import { maskEmail } from '../../text/email-address.ts'
import type { AdminDeps } from '../deps.ts'

const permission = 'users.manage'
/** A page that holds all passkeys and identities of an account: more than it may have. */
const all = { limit: 100, after: null }

/** The part of an account that was read, as the trail names it. */
type Part = 'sessions' | 'api-keys' | 'payments' | 'sign-in-methods' | 'team'

/**
 * Checks that the actor may see an account, their own or one below them, and audits the read.
 * @throws AppError as authoriseOver
 */
async function authoriseReading(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
  part: Part,
  read: (tx: Tx) => unknown = () => undefined,
): Promise<void> {
  const { principal } = actor
  await deps.sql.begin(async (tx) => {
    if (accountId === principal.accountId) await authorise(tx, principal, permission)
    else await authoriseOver(tx, principal, accountId, permission)
    await deps.audit.record(tx, actor, 'account.read', entity(accountId), { details: { part } })
    await read(tx)
  })
}

/** Live sessions, newest first, with the network of the last use instead of the address. @throws AppError as authoriseOver */
export async function readSessionsOf(deps: AdminDeps, actor: Actor, accountId: string, slice: Slice<string>) {
  await authoriseReading(deps, actor, accountId, 'sessions')
  const { sessionId } = actor.principal
  const sessions = await listOwnSessions(deps, { accountId, sessionId }, slice)
  return sessions.map(({ ipAddress, ...rest }) => ({ ...rest, network: ipAddress && networkOf(ipAddress) }))
}

/** API keys, newest first, without the keys themselves. @throws AppError as authoriseOver */
export async function readApiKeysOf(deps: AdminDeps, actor: Actor, accountId: string, slice: Slice<string>) {
  await authoriseReading(deps, actor, accountId, 'api-keys')
  return readApiKeys(deps, { accountId }, slice)
}

/** Payments, newest first, without the link to the invoice: whoever has that link may open it. @throws AppError as authoriseOver */
export async function readPaymentsOf(deps: AdminDeps, actor: Actor, accountId: string, slice: Slice<string>) {
  await authoriseReading(deps, actor, accountId, 'payments')
  return (await readPayments(deps, { accountId }, slice)).map(({ invoiceUrl: _, ...payment }) => payment)
}

/**
 * The sign-in methods of an account, without secrets. Addresses of identities are shortened. @throws AppError as authoriseOver
 */
export async function readSignInMethods(deps: AdminDeps, actor: Actor, accountId: string) {
  let passwords = 0
  await authoriseReading(deps, actor, accountId, 'sign-in-methods', async (tx) => {
    passwords = await countPasswords(tx, accountId)
  })
  const whose = { accountId }
  const [{ totp, recoveryCodesLeft }, passkeys, identities] = await Promise.all([
    readFactors(deps, whose),
    readPasskeys(deps, whose, all),
    readIdentities(deps, whose, all),
  ])
  return {
    password: passwords > 0,
    totp,
    recoveryCodesLeft,
    passkeys,
    identities: identities.map(({ email, ...identity }) => ({ ...identity, email: email && maskEmail(email) })),
  }
}

/** The team of an account, or the empty team. @throws AppError as authoriseOver */
export async function readTeamOfUser(deps: AdminDeps, actor: Actor, accountId: string) {
  await authoriseReading(deps, actor, accountId, 'team')
  return readTeamOf(deps.sql, accountId)
}

/**
 * Ends one session of an account below the administrator's own; every instance refuses its tokens.
 * @throws AppError as authoriseOver, `not-found` when it is not that account's or has ended
 */
export async function endSessionOf(deps: AdminDeps, actor: Actor, accountId: string, sessionId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, permission)
    if (!(await endLiveSession(tx, deps, actor, { accountId, sessionId, reason: 'revoked' })))
      throw new AppError('not-found')
  })
}
