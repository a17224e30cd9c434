import { randomBytes } from 'node:crypto'
import { describeAccount, promote } from '../admin/users/promotion.ts'
import { createSuperadmin } from '../auth/registration.ts'
import { AppError } from '../errors/app-error.ts'
import { Email } from '../http/input/fields.ts'
import type { OpenDeps } from '../services.ts'
import { type Invocation, withDeps } from './command.ts'

/** `create-admin`: makes a superadmin, or with `--promote` gives the role to an existing account. */
export async function runCreateAdmin(invocation: Invocation): Promise<number> {
  const { options, print } = invocation
  const email = Email.safeParse(options.email)
  if (!email.success) {
    print('create-admin needs --email with an e-mail address, e.g. create-admin --email you@example.com')
    return 64
  }
  if (options.promote) {
    if (options['password-stdin']) {
      print('--promote leaves the password of the account as it is: leave out --password-stdin')
      return 64
    }
    return withDeps(invocation, (deps) => runPromote(deps, email.data, print))
  }
  const generated = options['password-stdin'] ? null : randomBytes(18).toString('base64url')
  const password = generated ?? (await Bun.stdin.text()).replace(/\r?\n$/, '')
  return withDeps(invocation, async (deps) => {
    try {
      await createSuperadmin(deps, email.data, password)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'email-taken')) throw error
      print(await describeTaken(deps, email.data))
      return 1
    }
    print(`Superadmin ${email.data} is ready.`)
    if (generated) print(`Password (shown once): ${generated}`)
    print(
      deps.config.requireAdminMfa
        ? 'The first log-in asks for the password alone. REQUIRE_ADMIN_MFA is on: administration opens once a second factor is added, at /v1/me/mfa or /v1/me/passkeys (docs/deploying.md has the requests).'
        : 'The first log-in asks for the password alone. Add a second factor at /v1/me/mfa or /v1/me/passkeys; with REQUIRE_ADMIN_MFA=true administration opens by it alone.',
    )
    return 0
  })
}

async function describeTaken(deps: OpenDeps, email: string): Promise<string> {
  const account = await describeAccount(deps, email)
  // Erased since the insertion was refused.
  if (!account) return `${email} was taken a moment ago, and is free now: try again.`
  const { role, status } = account
  const is = `${email} has an account already: role ${role}, ${status}. Nothing was changed, its password least of all.`
  return role === 'superadmin'
    ? `${is}\nA forgotten password is reset by mail, as everybody's; a lost second factor: manas360 admin reset-mfa --email ${email}`
    : `${is}\nWith --promote it becomes superadmin: manas360 create-admin --email ${email} --promote`
}

async function runPromote(deps: OpenDeps, email: string, print: Invocation['print']): Promise<number> {
  const promoted = await promote(deps, email)
  if (!promoted) {
    print(`${email} has no account. Without --promote one is made: manas360 create-admin --email ${email}`)
    return 1
  }
  const { from, status } = promoted
  if (from === 'superadmin') print(`${email} is superadmin already. Nothing was changed.`)
  else print(`${email} is superadmin now, and was ${from}. Its password is as it was.`)
  if (status === 'invited') print('Nobody has accepted its invitation yet: it opens with that, as superadmin.')
  if (status === 'locked') print('The account is locked, and stays so until an administrator unlocks it.')
  return 0
}
