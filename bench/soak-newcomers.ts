import { type Asker, password } from './asker.ts'
import { type Client, featurePath, type Person } from './requests.ts'
import type { MailSink } from './soak-mail.ts'

const patienceMs = 30_000

type Means = { client: Client; ask: Asker; port: number; mail: MailSink }

/** A person who tries two plans, pays for one in the sandbox, and erases the account. */
export async function newcomerWhoPays({ client, ask, port }: Means): Promise<void> {
  const person = await client.register()
  const subscribe = (plan: string, status: number) =>
    ask('POST', '/v1/subscription', person.accessToken, status, { plan, interval: 'month', provider: 'sandbox' })
  await subscribe('professional', 200)
  await subscribe('starter', 200)
  const { checkoutUrl } = (await subscribe('professional', 202)) as { checkoutUrl: string }
  const page = new URL(checkoutUrl)
  await fetch(`http://127.0.0.1:${port}${page.pathname}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'action=pay',
    redirect: 'manual',
  })
  const endsAt = performance.now() + patienceMs
  while (!(await isGranted(port, person))) {
    if (performance.now() > endsAt) throw new Error('what was paid did not arrive')
    await Bun.sleep(50)
  }
  await ask('DELETE', '/v1/me', person.accessToken, 204, { password })
}

/**
 * A person who is invited to the team of `owner` by mail, joins, gets its plan, leaves, loses it, and erases the
 * account.
 */
export async function newcomerWhoJoins({ client, ask, port, mail }: Means, owner: Person): Promise<void> {
  const email = `${crypto.randomUUID()}@bench.test`
  const verification = mail.awaitToken(email, 'verify-email')
  const registered = (await ask('POST', '/v1/auth/register', '', 201, { email, password })) as Person & {
    user: { id: string }
  }
  await ask('POST', '/v1/auth/email/verify', '', 204, { token: await verification })
  const invitation = mail.awaitToken(email, 'accept-team')
  await ask('POST', '/v1/team/invitations', owner.accessToken, 202, { email })
  await ask('POST', '/v1/team/accept', registered.accessToken, 204, { token: await invitation })
  if (!(await isGranted(port, registered))) throw new Error('a member without the plan of the team')
  await ask('DELETE', `/v1/team/members/${registered.user.id}`, registered.accessToken, 204)
  if (await isGranted(port, registered)) throw new Error('the plan of a team that was left')
  await client.gatedGet(owner)
  await ask('DELETE', '/v1/me', registered.accessToken, 204, { password })
}

async function isGranted(port: number, { accessToken }: Pick<Person, 'accessToken'>): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}${featurePath}`, {
    headers: { authorization: `Bearer ${accessToken}` },
  })
  await answer.arrayBuffer()
  return answer.ok
}
