import { useId } from 'hono/jsx/dom'

type FieldProps = {
  label: string
  name: string
  type?: string
  hint?: string
  error?: string | undefined
  initial?: string
  autocomplete?: string
  inputmode?: 'numeric' | 'decimal' | 'email' | 'search'
  required?: boolean
  maxlength?: number
  onInput?: (event: Event) => void
}

/** An input with its label, hint and error. It is uncontrolled, so that a render does not overwrite what is typed. */
export function Field({ label, name, type = 'text', hint, error, initial, ...rest }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {hint && <Hint id={`${id}-hint`} text={hint} />}
      <input
        id={id}
        name={name}
        type={type}
        defaultValue={initial}
        ref={(input: HTMLInputElement | null) => fill(input, initial)}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={[hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ') || undefined}
        {...rest}
      />
      <p class="error" id={`${id}-error`}>
        {error ?? ''}
      </p>
    </div>
  )
}

/** Sets the initial text; as an attribute it would be set again at each render. */
function fill(input: HTMLInputElement | null, initial: string | undefined): void {
  if (!input || input.dataset.filled) return
  input.dataset.filled = 'yes'
  if (initial !== undefined) input.value = initial
}

function Hint({ id, text }: { id: string; text: string }) {
  return (
    <p class="hint" id={id}>
      {text}
    </p>
  )
}

/** The values of a form by field name. */
export function valuesOf(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].map(([name, value]) => [name, typeof value === 'string' ? value : ''])
  return Object.fromEntries(entries)
}
