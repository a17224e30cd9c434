import { createStore, useStore } from '../store.ts'
import { useTexts } from './texts.ts'

type Notice = { id: number; text: string; undo?: (() => void) | undefined }

/** Notices of what was done. They stay until dismissed, so that undo needs no haste. */
const notices = createStore<readonly Notice[]>([])
const most = 3
let last = 0

/** Shows a notice. @param undo called by its button; without it there is none */
export function notify(text: string, undo?: () => void): void {
  last += 1
  notices.set([...notices.get(), { id: last, text, undo }].slice(-most))
}

/** Removes all notices. */
export function clearNotices(): void {
  notices.set([])
}

const dismiss = (id: number) => notices.set(notices.get().filter((one) => one.id !== id))

/** The list of notices, announced by screen readers. */
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
