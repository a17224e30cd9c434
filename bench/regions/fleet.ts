import type { Fleet } from '../changes.ts'

/** Sends requests to one of several instances, by its number. */
export function toFleet(ports: readonly number[]): Pick<Fleet, 'ask'> {
  return {
    async ask<T>(through: number, method: string, path: string, bearer: string, json?: unknown): Promise<T> {
      const response = await fetch(`http://127.0.0.1:${ports[through]}${path}`, {
        method,
        headers: {
          ...(bearer && { authorization: `Bearer ${bearer}` }),
          ...(json !== undefined && { 'content-type': 'application/json' }),
        },
        body: json === undefined ? undefined : JSON.stringify(json),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
      return (text === '' ? undefined : JSON.parse(text)) as T
    },
  }
}
