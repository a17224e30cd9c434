import type { Child } from 'hono/jsx'
import { useState } from 'hono/jsx/dom'
import { CancelledError, fieldErrors, isCode } from '../calls/failure.ts'
import { useTexts } from '../shell/texts.ts'
import { valuesOf } from './field.tsx'
import { Problem } from './problem.tsx'

type FormProps = {
  submit: string
  /** Its rejection is shown, and the input remains. */
  onSubmit: (values: Record<string, string>) => Promise<void>
  fields: (errors: Record<string, string>) => Child
  danger?: boolean
  onCancel?: () => void
  /** Paths of the body whose errors a field shows. */
  shown?: readonly string[]
}

/** A form that is submitted once at a time, reports missing fields, and shows the service's errors. */
export function Form({ submit, onSubmit, fields, danger, onCancel, shown = [] }: FormProps) {
  const t = useTexts()
  const [state, setState] = useState<{ isBusy: boolean; failure: unknown; empty: Record<string, string> }>({
    isBusy: false,
    failure: null,
    empty: {},
  })
  async function send(form: HTMLFormElement): Promise<void> {
    if (state.isBusy) return
    const missing = [...form.elements].filter((one) => isEmpty(one)) as HTMLInputElement[]
    const empty = Object.fromEntries(missing.map(({ name }) => [name, t.required]))
    setState({ isBusy: missing.length === 0, failure: null, empty })
    if (missing[0]) return missing[0].focus()
    try {
      await onSubmit(valuesOf(form))
      setState({ isBusy: false, failure: null, empty: {} })
    } catch (failure) {
      setState({ isBusy: false, failure: failure instanceof CancelledError ? null : failure, empty: {} })
      const wrong = Object.keys(fieldErrors(failure)).find((name) => shown.includes(name))
      if (wrong) (form.elements.namedItem(wrong) as HTMLElement | null)?.focus()
    }
  }
  const errors = { ...fieldErrors(state.failure), ...state.empty }
  // Errors that no field shows are listed below the fields.
  const isShown =
    isCode(state.failure, 'validation-failed') &&
    Object.keys(fieldErrors(state.failure)).every((name) => shown.includes(name))
  return (
    <form
      novalidate
      method="post"
      onSubmit={(event: Event) => {
        event.preventDefault()
        void send(event.currentTarget as HTMLFormElement)
      }}
    >
      {fields(errors)}
      {state.failure !== null && !isShown && <Problem key="problem" failure={state.failure} shown={shown} />}
      <p class="buttons" key="buttons">
        <button type="submit" class={danger ? 'danger' : 'main'} aria-disabled={state.isBusy ? 'true' : undefined}>
          {state.isBusy ? t.working : submit}
        </button>
        {onCancel && (
          <button type="button" key="cancel" onClick={onCancel}>
            {t.cancel}
          </button>
        )}
      </p>
    </form>
  )
}

function isEmpty(control: Element): boolean {
  const { required, value } = control as HTMLInputElement
  return Boolean(required) && value.trim() === ''
}
