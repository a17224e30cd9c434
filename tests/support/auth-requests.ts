import type { SessionJson } from './app.ts'

type Answer = { status: number; body: SessionJson & { code?: string } }

/** Sends a request to one of the account routes. */
export async function ask(url: string, path: 'register' | 'login' | 'refresh', body: unknown): Promise<Answer> {
  const response = await fetch(`${url}/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}
