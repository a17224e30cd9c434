import { timeoutMs } from './call.ts'

/** Whether the instance has the sandbox and shows its pages here, as outside production. */
export async function showsSandbox(origin: string): Promise<boolean> {
  const { ok } = await fetch(`${origin}/sandbox`, { signal: AbortSignal.timeout(timeoutMs) })
  return ok
}

/**
 * Opens a page of the sandbox as a browser would, and submits its form by a button.
 * @param address as in the instance's answer; only its path is used
 * @returns the state that the page shows afterwards
 * @throws Error where there is no such page, button or state
 */
export async function visit(origin: string, address: string, press?: string): Promise<string> {
  const url = origin + new URL(address).pathname
  const page = await read(url)
  if (press === undefined) return stateOf(page)
  const [, form = ''] = /<form method="post">(.*?)<\/form>/s.exec(page) ?? []
  if (!form.includes(`name="action" value="${press}"`)) throw new Error(`no button ${press} on ${url}`)
  // 303: the answer to the form is fetched from the new location.
  return stateOf(
    await read(url, {
      method: 'POST',
      headers: { Origin: origin, 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ action: press }),
    }),
  )
}

async function read(url: string, form: RequestInit = {}): Promise<string> {
  const answer = await fetch(url, { ...form, signal: AbortSignal.timeout(timeoutMs) })
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`)
  return answer.text()
}

function stateOf(page: string): string {
  const [, state] = /role="status">([^<]+)</.exec(page) ?? []
  if (state === undefined) throw new Error('the page shows no state')
  return state
}
