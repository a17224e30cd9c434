import type { Child } from 'hono/jsx'
import { useId, useLayoutEffect, useRef } from 'hono/jsx/dom'

type DialogProps = { title: string; onClose: () => void; children?: Child }

/** A modal dialog: the browser keeps the focus inside, closes it by Escape, and restores the focus. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  // Before the first paint, so that nobody types before the focus is set.
  useLayoutEffect(() => {
    const shown = dialog.current
    const before = document.activeElement as HTMLElement | null
    shown?.showModal()
    return () => {
      shown?.close()
      before?.focus?.()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-labelledby={id}
      onCancel={(event: Event) => {
        event.preventDefault()
        onClose()
      }}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  )
}
