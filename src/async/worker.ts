import type { Bell } from './bell.ts'
import type { createLane } from './lane.ts'

type Lane = Pick<ReturnType<typeof createLane>, 'look' | 'idle' | 'stop'>

export type Worker = ReturnType<typeof createWorker>

/** Looks into its lanes when the bell rings, and every `pollMs` by itself, with a fifth of jitter. */
export function createWorker({ lanes, bell, pollMs }: { lanes: readonly Lane[]; bell: Bell; pollMs: number }) {
  const look = () => {
    for (const lane of lanes) lane.look()
  }
  const unhear = bell.onRing(look)
  let timer: Timer | undefined
  return {
    start(): void {
      look()
      timer = setInterval(look, pollMs * (0.8 + Math.random() * 0.4))
      timer.unref()
    },
    look,
    /** Resolves once nothing is due and nothing under way; for tests. */
    async idle(): Promise<void> {
      for (let isBusy = true; isBusy; ) {
        const busy = await Promise.all(lanes.map((lane) => lane.idle()))
        isBusy = busy.includes(true)
      }
    },
    /** Begins nothing more; resolves when what runs has ended. */
    async stop(): Promise<void> {
      unhear()
      clearInterval(timer)
      await Promise.all(lanes.map((lane) => lane.stop()))
    },
  }
}
