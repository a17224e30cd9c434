import { mailLink } from '../account-links/mailed-links.ts'
import { account as entity, type Origin, operator } from '../audit/actor.ts'
import { requireConsents } from '../consents/agreements.ts'
import { isUniqueViolation } from '../db/database.ts'
import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import { checkNewPassword } from './password-rules.ts'
import {
  findAddressOwner,
  insertAccount,
  insertAccountIfFree,
  markVerified,
  type NewAccount,
} from './registration-queries.ts'
import type { Registration } from './schemas.ts'
import type { SessionBody } from './session-body.ts'
import { completeSignIn } from './sign-in.ts'
import { restoreTraces, restoreTracesCtes } from './traces.ts'

/**
 * Opens an account on the free plan and its first session, in one transaction, and mails a link that verifies the address.
 * @throws AppError `validation-failed` (password, consents), `email-taken`, `overloaded`
 */
export async function register(
  deps: AuthDeps,
  origin: Origin,
  input: Registration,
  signal?: AbortSignal,
): Promise<SessionBody> {
  const account = await prepareAccount(deps, input, signal)
  try {
    const body = await completeSignIn(deps, account.id, {
      method: 'registration',
      amr: ['pwd'],
      origin,
      details: detailsOf(account),
      addressHashes: deps.traceKeys(input.email),
      prove: async (tx) => {
        await insertAccount(tx, account)
        if (deps.mail.isOn) await mailLink(tx, deps, 'verify-email', { owner: account, email: account.email })
        return true
      },
    })
    if (!body) throw new Error('an account that was made now can sign in')
    return body
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('email-taken', { cause: error })
    throw error
  }
}

/**
 * Rows that a new account writes: account, subscription, three of the audit trail, one for each consent. mailLink
 * writes as many filler rows where there is no new account, so that the duration of the answer does not reveal which.
 */
const rowsOf = ({ agreed }: NewAccount) => 5 + agreed.length

/**
 * Registration where addresses must be verified: opens an account without a session and mails a link, or notifies the owner of an
 * address that is taken. The same answer either way, after the same work.
 * @throws AppError `validation-failed` (password, consents), `overloaded`
 */
export async function registerToVerify(
  deps: AuthDeps,
  origin: Origin,
  input: Registration,
  signal?: AbortSignal,
): Promise<void> {
  const account = await prepareAccount(deps, input, signal)
  const { id, email } = account
  const audit = deps.audit.row({ principal: { accountId: id }, origin }, 'account.create', entity(id), {
    details: detailsOf(account),
  })
  try {
    await deps.sql.begin(async (tx) => {
      const isNew = await insertAccountIfFree(tx, account, audit)
      // Null: the owner was erased in between. The client can try again, as after a lost connection.
      const owner = await findAddressOwner(tx, email)
      if (owner === null) throw new AppError('overloaded')
      // Changes nothing for an existing account: it took the traces over when it was made.
      const traces = restoreTracesCtes(tx, owner, deps.traceKeys(email))
      const notice = deps.mail.noticePart(tx, [owner, 'registration-attempted', {}], tx`${!isNew}`)
      const addressee = { owner: isNew ? account : null, email, otherRows: rowsOf(account) - 1 }
      await mailLink(tx, deps, 'verify-email', addressee, tx`${traces}, ${notice},`)
    })
  } catch (error) {
    if (!isUniqueViolation(error, 'user_accounts_email_key')) throw error
    // The address is reserved for the account that gave it up, which can still undo that by a mailed link.
    await mailLink(deps.sql, deps, 'verify-email', { owner: null, email, otherRows: rowsOf(account) })
  }
}

/** The consents in the form of the audit trail: evidence that remains after the account's erasure. */
const detailsOf = ({ agreed }: NewAccount) => (agreed.length > 0 ? { consents: agreed } : {})

async function prepareAccount(deps: AuthDeps, input: Registration, signal?: AbortSignal): Promise<NewAccount> {
  requireGoodPassword(deps, input.password, input)
  const agreed = requireConsents(deps.config.consentDocuments, input.consents)
  return {
    id: Bun.randomUUIDv7(),
    email: input.email,
    passwordHash: await deps.passwords.hash(input.password, signal),
    firstName: input.firstName ?? null,
    lastName: input.lastName ?? null,
    phoneNumber: input.phoneNumber ?? null,
    language: input.language ?? 'en',
    timezone: input.timezone ?? 'UTC',
    role: 'user',
    agreed,
  }
}

/**
 * Makes an account with the role superadmin. For the command line only: no route calls it. Its address counts as
 * verified, because the operator entered it.
 * @returns the account's id
 * @throws AppError `validation-failed` (password), `email-taken`
 */
export async function createSuperadmin(deps: AuthDeps, email: string, password: string): Promise<string> {
  requireGoodPassword(deps, password, { email })
  const id = Bun.randomUUIDv7()
  const passwordHash = await deps.passwords.hash(password)
  const account = {
    id,
    email,
    passwordHash,
    firstName: null,
    lastName: null,
    phoneNumber: null,
    language: 'en',
    timezone: 'UTC',
    role: 'superadmin',
    agreed: [],
  }
  const details = { role: 'superadmin', by: 'command-line' }
  const audit = deps.audit.row(operator, 'account.create', entity(id), { details })
  try {
    await deps.sql.begin(async (tx) => {
      await insertAccount(tx, account, audit)
      await markVerified(tx, id)
      await restoreTraces(tx, id, deps.traceKeys(email))
    })
    return id
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('email-taken', { cause: error })
    throw error
  }
}

/**
 * Checks a new password by checkNewPassword. @throws AppError `validation-failed` at `path`, with the rule that it
 * breaks
 */
export function requireGoodPassword(
  deps: Pick<AuthDeps, 'config'>,
  password: string,
  context: { email: string; firstName?: string | null; lastName?: string | null },
  path = 'password',
): void {
  const error = checkNewPassword(password, { ...context, minLength: deps.config.passwordMinLength })
  if (error) throw new AppError('validation-failed', { errors: [{ ...error, path }] })
}
