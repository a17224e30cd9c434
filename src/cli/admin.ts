import { resetSecondFactorsOf } from '../admin/users/second-factors.ts'
import { Email } from '../http/input/fields.ts'
import { type Invocation, withDeps } from './command.ts'

const usage = 'admin reset-mfa needs --email with an e-mail address, e.g. admin reset-mfa --email you@example.com'

/**
 * `admin reset-mfa --email E`: removes the second factor of an administrator who lost it and has no other administrator
 * to do so.
 */
export async function runAdmin(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const email = Email.safeParse(options.email)
  if (args.join(' ') !== 'reset-mfa' || !email.success) {
    print(usage)
    return 64
  }
  return withDeps(invocation, async (deps) => {
    const removed = await resetSecondFactorsOf(deps, email.data)
    if (!removed) {
      print(`${email.data} has no account.`)
      return 1
    }
    const had = Object.values(removed).some((count) => count > 0)
    print(
      had
        ? `${email.data} has no second factor any more; all its sessions have ended. The next log-in asks for the password alone.`
        : `${email.data} had no second factor. All its sessions have ended.`,
    )
    return 0
  })
}
