import type { Child } from 'hono/jsx'
import { useState } from 'hono/jsx/dom'
import { useTexts } from '../shell/texts.ts'
import { Dialog } from './dialog.tsx'
import { Field } from './field.tsx'
import { Form } from './form.tsx'

type ActionDialogProps = {
  title: string
  /** What comes of it: what is lost, who is affected, whether there is a way back. */
  consequences: readonly string[]
  submit: string
  danger?: boolean
  wantsReason?: boolean
  /** The text to be typed for what can't be taken back. */
  typed?: { label: string; text: string }
  fields?: (errors: Record<string, string>) => Child
  shown?: readonly string[]
  onSubmit: (values: Record<string, string>) => Promise<void>
  onClose: () => void
}

/** One action: what comes of it is read before it is confirmed. Closes when it is done. */
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
