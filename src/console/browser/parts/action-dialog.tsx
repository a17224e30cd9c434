import type { Child } from 'hono/jsx'
import { useState } from 'hono/jsx/dom'
import { useTexts } from '../shell/texts.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { Form } from './form.tsx'

type ActionDialogProps = {
  title: string
  /** What the action loses, whom it affects, and whether it can be undone. */
  consequences: readonly string[]
  submit: string
  danger?: boolean
  wantsReason?: boolean
  /** A text that must be typed before an irreversible action. */
  typed?: { label: string; text: string }
  fields?: (errors: Record<string, string>) => Child
  shown?: readonly string[]
  onSubmit: (values: Record<string, string>) => Promise<void>
  onClose: () => void
}

/** A dialog that confirms one action after showing its consequences. Closes when the action succeeded. */
export function ActionDialog(props: ActionDialogProps) {
  const { title, consequences, submit, danger, wantsReason, typed, fields, shown = [], onSubmit, onClose } = props
  const t = useTexts()
  const [isWrong, setWrong] = useState(false)
  async function send(values: Record<string, string>): Promise<void> {
    const isMissing = typed !== undefined && values.typed?.trim() !== typed.text
    setWrong(isMissing)
    if (isMissing) return
    await onSubmit(values)
    onClose()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      {consequences.length > 0 && (
        <ul class="consequences" key="consequences">
          {consequences.map((one) => (
            <li key={one}>{one}</li>
          ))}
        </ul>
      )}
      <Form
        key="form"
        submit={submit}
        danger={danger ?? false}
        onCancel={onClose}
        shown={['reason', ...shown]}
        onSubmit={send}
        fields={(errors) => (
          <>
            {fields?.(errors)}
            {wantsReason && (
              <Field
                key="reason"
                label={t.reason}
                name="reason"
                hint={t.reasonHint}
                required
                maxlength={500}
                error={errors.reason}
              />
            )}
            {typed && (
              <Field
                key="typed"
                label={typed.label}
                name="typed"
                autocomplete="off"
                required
                error={isWrong ? t.notTheSame : errors.typed}
              />
            )}
          </>
        )}
      />
    </Dialog>
  )
}
