import { account as entity, type Origin, operator } from '../audit/actor.ts'
import { isUniqueViolation } from '../db/database.ts'
import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import { checkNewPassword } from './password-rules.ts'
import { insertAccount } from './queries.ts'
import type { Registration } from './schemas.ts'
import type { SessionBody } from './session-body.ts'
import { completeSignIn } from './sign-in.ts'
import { takeOverTraces } from './traces.ts'

/**
 * Opens an account on the free plan and its first session, in one transaction.
 * @throws AppError `validation-failed` (password), `email-taken`, `overloaded`
 */
export async function register(
  deps: AuthDeps,
  origin: Origin,
  input: Registration,
  signal?: AbortSignal,
): Promise<SessionBody> {
  requireGoodPassword(deps, input.password, input)
  const passwordHash = await deps.passwords.hash(input.password, signal)
  const id = Bun.randomUUIDv7()
  const account = {
    id,
    email: input.email,
    passwordHash,
    firstName: input.firstName ?? null,
    lastName: input.lastName ?? null,
    phoneNumber: input.phoneNumber ?? null,
    language: input.language ?? 'en',
    timezone: input.timezone ?? 'UTC',
    role: 'user',
  }
  try {
    const body = await completeSignIn(deps, id, {
      method: 'registration',
      origin,
      addressHashes: deps.traceKeys(input.email),
      prove: async (tx) => {
        await insertAccount(tx, account)
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
 * Makes an account of the highest role, for the command line only: no route leads here.
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
  }
  const details = { role: 'superadmin', by: 'command-line' }
  const audit = deps.audit.row(operator, 'account.create', entity(id), { details })
  try {
    await deps.sql.begin(async (tx) => {
      await insertAccount(tx, account, audit)
      await takeOverTraces(tx, id, deps.traceKeys(email))
    })
    return id
  } catch (error) {
    if (isUniqueViolation(error, 'user_accounts_email_key')) throw new AppError('email-taken', { cause: error })
    throw error
  }
}

/** @throws AppError `validation-failed` saying what is wrong with a new password. */
export function requireGoodPassword(
  deps: Pick<AuthDeps, 'config'>,
  password: string,
  context: { email: string; firstName?: string | null; lastName?: string | null },
  path = 'password',
): void {
  const error = checkNewPassword(password, { ...context, minLength: deps.config.passwordMinLength })
  if (error) throw new AppError('validation-failed', { errors: [{ ...error, path }] })
}
