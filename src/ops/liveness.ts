/** Why a server is not alive, as a container's health check sees it; null when it is. */
export async function findFault(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(3_000) })
    return response.ok ? null : `${url} answered ${response.status}`
  } catch (error) {
    return `${url} does not answer: ${error instanceof Error ? error.message : error}`
  }
}
