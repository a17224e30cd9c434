import { timeoutMs } from './call.ts'
import type { Look } from './step.ts'

/** Whether the instance stores its mails and shows them, as in development without SMTP_URL. */
export async function showsMails(origin: string): Promise<boolean> {
  const { ok } = await fetch(`${origin}/dev/mail`, { signal: AbortSignal.timeout(timeoutMs) })
  return ok
}

/** The token of the newest stored mail to an address with a link to a page. @throws Error where there is none */
export async function findToken(origin: string, { mailTo, page }: Pick<Look, 'mailTo' | 'page'>): Promise<string> {
  const read = async (path: string) => (await fetch(origin + path, { signal: AbortSignal.timeout(timeoutMs) })).text()
  const rows = (await read('/dev/mail')).split('<tr>').filter((row) => row.includes(`>${mailTo}<`))
  for (const row of rows) {
    const [path] = /\/dev\/mail\/[0-9a-f-]+/.exec(row) ?? []
    const [, token] = new RegExp(`/account/${page}#token=([\\w-]+)`).exec(await read(`${path}/text`)) ?? []
    if (token) return token
  }
  throw new Error(`no mail to ${mailTo} leads to /account/${page}`)
}
