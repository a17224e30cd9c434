import { freePlan, roleOnPlan } from '../access/lapse.ts'
import { requirePlan } from '../billing/views.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { AppError, type FieldError, invalid } from '../errors/app-error.ts'
import { toFieldErrors } from '../http/input/field-errors.ts'
import { parseJson } from '../http/input/json.ts'
import { ImportedAccount } from './schemas.ts'

/** An account to insert. */
export type NewAccount = {
  id: string
  email: string
  passwordHash: string | null
  emailVerified: boolean
  firstName: string | null
  lastName: string | null
  phoneNumber: string | null
  language: string
  timezone: string
  role: string
  status: 'active' | 'locked'
  /** Null: now. */
  createdAt: string | null
  subscriptionId: string
  plan: string
  /** Null: it has no end. */
  planEndsAt: string | null
}

export type Rules = {
  catalogue: { current: Catalogue }
  /** Whether a line may assign a role with more rights than `user`. */
  allowRoles: boolean
}

/**
 * Parses the account of a line.
 * @throws AppError `malformed-json`, `validation-failed`
 */
export function readAccount(line: string, rules: Rules): NewAccount {
  const value = parseJson(line)
  const parsed = ImportedAccount.safeParse(value)
  if (!parsed.success) throw new AppError('validation-failed', { errors: toFieldErrors(parsed.error.issues) })
  const account = parsed.data
  const plan = readPlan(account, rules)
  return {
    id: Bun.randomUUIDv7(),
    email: account.email,
    passwordHash: account.passwordHash ?? null,
    emailVerified: account.emailVerified ?? false,
    firstName: account.firstName ?? null,
    lastName: account.lastName ?? null,
    phoneNumber: account.phoneNumber ?? null,
    language: account.language ?? 'en',
    timezone: account.timezone ?? 'UTC',
    role: readRole(account, plan, rules),
    status: account.status ?? 'active',
    createdAt: account.createdAt ?? null,
    subscriptionId: Bun.randomUUIDv7(),
    plan,
    planEndsAt: account.planEndsAt ?? null,
  }
}

function readPlan({ plan, planEndsAt }: ImportedAccount, rules: Rules): string {
  const { name } = requirePlan(rules, plan ?? freePlan)
  if (planEndsAt && name === freePlan) throw invalid('planEndsAt', 'The free plan has no end.')
  return name
}

/** The role that comes with the plan is always allowed; one with more rights than `user` only with `allowRoles`. */
function readRole({ role }: ImportedAccount, plan: string, { catalogue, allowRoles }: Rules): string {
  const ofPlan = roleOnPlan(plan).role
  const name = role ?? 'user'
  if (name === 'user' || name === ofPlan) return ofPlan
  const { roles } = catalogue.current
  const [wanted, user] = [roles.get(name), roles.get('user')]
  if (!wanted || wanted.retired) throw unknownRole(name)
  const isMore =
    !user ||
    wanted.privilegeLevel > user.privilegeLevel ||
    !wanted.permissions.every((permission) => user.permissions.includes(permission))
  if (isMore && !allowRoles)
    throw invalid('role', `"${name}" grants more than "user": give --allow-roles to import it.`, 'role-not-allowed')
  return name
}

/** The error `validation-failed` of a role that does not exist. */
export function unknownRole(name: string): AppError {
  return invalid('role', `There is no role "${name}".`, 'unknown')
}

/**
 * The field errors of a refused line, one for each value; the path is empty where the error concerns the whole line.
 */
export function errorsOf({ code, detail, errors }: AppError): FieldError[] {
  return errors ?? [{ path: '', message: detail, code }]
}
