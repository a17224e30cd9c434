import type { Child } from 'hono/jsx'
import { useId, useLayoutEffect, useRef } from 'hono/jsx/dom'

type DialogProps = { title: string; onClose: () => void; children?: Child }

/** A window above the page: the browser keeps the focus inside, closes it by Escape, and gives the focus back. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  // Before it is painted: nobody types into it before the focus is where it begins.
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
