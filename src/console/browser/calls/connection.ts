import { createStore } from '../store.ts'
import { service } from './service.ts'

export type Connection = {
  isLost: boolean /** Increases when the connection is back, upon which shown data is loaded again. */
  returns: number
}

/**
 * Whether the service can be reached. While it cannot, it is polled every few seconds, and at once when the browser is
 * online again.
 */
export const connection = createStore<Connection>({ isLost: false, returns: 0 })

const firstWaitMs = 1_000
const longestWaitMs = 15_000
let wake: (() => void) | undefined

/** Records that a call got no answer, and polls the service until it answers. */
export function reportLost(): void {
  if (connection.get().isLost) return
  connection.set({ ...connection.get(), isLost: true })
  void pollUntilBack()
}

/** Whether a file of the console is missing for lack of a connection, in which case the connection is polled. */
export async function isLostNow(): Promise<boolean> {
  const isLost = connection.get().isLost || !(await answers())
  if (isLost) reportLost()
  return isLost
}

async function pollUntilBack(): Promise<void> {
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(waitMs * 2, longestWaitMs)) {
    await pause(waitMs)
    if (!(await answers())) continue
    connection.set({ isLost: false, returns: connection.get().returns + 1 })
    return
  }
}

/** Whether the process answers at all, with any status. */
async function answers(): Promise<boolean> {
  try {
    const { ok } = await fetch(`${service}/live`, { cache: 'no-store', signal: AbortSignal.timeout(10_000) })
    return ok
  } catch {
    return false
  }
}

/** Polls at once instead of at the next interval. */
export function checkNow(): void {
  wake?.()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

addEventListener('online', checkNow)
