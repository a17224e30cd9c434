export const password = 'seven quiet herons at dawn'

export type Asker = (method: string, path: string, bearer: string, status: number, json?: unknown) => Promise<unknown>

/** A client of one server that returns the JSON of answers. @throws Error for another status than the expected one */
export function asker(port: number): Asker {
  return async (method, path, bearer, status, json) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      body: json === undefined ? undefined : JSON.stringify(json),
    })
    const text = await answer.text()
    if (answer.status !== status) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}
