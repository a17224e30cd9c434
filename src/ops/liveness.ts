/** Checks a server's /live as a container's health check does. Null when it is alive, else the reason. */
export async function findFault(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return response.ok ? null : `${url} answered ${response.status}`
  } catch (error) {
    return `${url} does not answer: ${reasonOf(error)}`
  }
}

/** The reason without Bun's suffix "Is the computer able to access the url?". */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'not within 3 s'
  const code = 'code' in error ? String(error.code) : ''
  return /^E[A-Z]+$/.test(code) ? code : error.message.replace(/\s*Is the computer able to access the url\?/, '')
}
