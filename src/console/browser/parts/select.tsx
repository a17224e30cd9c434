import { useId } from 'hono/jsx/dom'

export type Choice = { value: string; text: string }
type SelectProps = {
  label: string
  name: string
  choices: readonly Choice[]
  chosen?: string
  error?: string | undefined
  onChoose?: (value: string) => void
}

/** A list with one choice. It is uncontrolled, like Field. */
export function Select({ label, name, choices, chosen = '', error, onChoose }: SelectProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        aria-invalid={error ? 'true' : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        onChange={(event: Event) => onChoose?.((event.currentTarget as HTMLSelectElement).value)}
      >
        {choices.map(({ value, text }) => (
          <option key={value} value={value} selected={value === chosen}>
            {text}
          </option>
        ))}
      </select>
      <p class="error" id={`${id}-error`}>
        {error ?? ''}
      </p>
    </div>
  )
}
