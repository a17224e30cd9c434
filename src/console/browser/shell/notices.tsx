import { createStore, useStore } from '../store.ts'
import { useTexts } from './texts.ts'

export type Notice = { id: number; text: string; undo?: (() => void) | undefined }

/** What was done, until somebody dismisses it: nobody must be quick to take something back. */
const notices = createStore<readonly Notice[]>([])
const most = 3
let last = 0

export function notify(text: string, undo?: () => void): void {
  last += 1
  notices.set([...notices.get(), { id: last, text, undo }].slice(-most))
}

export function clearNotices(): void {
  notices.set([])
}

const dismiss = (id: number) => notices.set(notices.get().filter((one) => one.id !== id))

export function Notices() {
  const shown = useStore(notices)
  const t = useTexts()
  return (
    <div class="notices" role="status" aria-live="polite">
      {shown.map(({ id, text, undo }) => (
        <p class="notice" key={id}>
          <span>{text}</span>
          {undo && (
            <button
              type="button"
              class="quiet"
              key="undo"
              onClick={() => {
                dismiss(id)
                undo()
              }}
            >
              {t.undo}
            </button>
          )}
          <button type="button" class="quiet" key="dismiss" onClick={() => dismiss(id)}>
            {t.dismiss}
          </button>
        </p>
      ))}
    </div>
  )
}
