import type { Person } from '@manas360/client'
import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { usePeopleTexts } from '../texts.ts'
import { EndSessionsDialog, LockDialog, ResetFactorsDialog, UnlockDialog } from './access-dialogs.tsx'
import type { DialogProps } from './dialog-props.ts'
import { EraseDialog } from './erase-dialog.tsx'
import { InvitationDialog, PasswordDialog } from './mail-dialogs.tsx'
import { RoleDialog } from './role-dialog.tsx'

const kinds = ['role', 'invitation', 'password', 'lock', 'unlock', 'lockout', 'sessions', 'factors', 'erase'] as const
type ActionKind = (typeof kinds)[number]

/** The actions on a person. Each shows its consequences before it is confirmed. */
export function Actions({ person, changed }: { person: Person; changed: () => void }) {
  const t = usePeopleTexts()
  const [open, setOpen] = useState<ActionKind | null>(null)
  const onClose = () => setOpen(null)
  const buttons = useRef<HTMLParagraphElement>(null)
  /** The place of the action that was opened last. */
  const place = useRef(-1)
  // An action that is no longer possible, such as Lock, takes its button and the focus away: its place keeps the focus.
  useEffect(() => {
    if (document.activeElement !== document.body) return
    buttons.current?.querySelectorAll('button')[place.current ?? -1]?.focus()
  }, [person.status])
  return (
    <div class="actions">
      <p class="buttons" ref={buttons}>
        {kinds
          .filter((kind) => isPossible(kind, person))
          .map((kind, index) => (
            <button
              type="button"
              key={kind}
              class={kind === 'erase' ? 'warns' : undefined}
              onClick={() => {
                place.current = index
                setOpen(kind)
              }}
            >
              {t.actions[kind]}
            </button>
          ))}
      </p>
      {open && <Opened key={open} kind={open} person={person} changed={changed} onClose={onClose} />}
    </div>
  )
}

function isPossible(kind: ActionKind, { status }: Person): boolean {
  switch (kind) {
    case 'invitation':
      return status === 'invited'
    case 'lock':
    case 'lockout':
      return status === 'active'
    case 'unlock':
      return status === 'locked'
    case 'password':
    case 'sessions':
    case 'factors':
      return status !== 'invited'
    case 'role':
    case 'erase':
      return true
  }
}

function Opened({ kind, ...props }: DialogProps & { kind: ActionKind }) {
  switch (kind) {
    case 'role':
      return <RoleDialog {...props} />
    case 'invitation':
      return <InvitationDialog {...props} />
    case 'password':
      return <PasswordDialog {...props} />
    case 'lock':
      return <LockDialog {...props} />
    case 'unlock':
    case 'lockout':
      return <UnlockDialog {...props} />
    case 'sessions':
      return <EndSessionsDialog {...props} />
    case 'factors':
      return <ResetFactorsDialog {...props} />
    case 'erase':
      return <EraseDialog {...props} />
  }
}
