import { useState } from 'hono/jsx/dom'
import { CancelledError } from '../../calls/failure.ts'
import { isChangedMeanwhile, type Tagged } from '../../calls/tagged.ts'
import { useAnswer } from '../../calls/use-answer.ts'
import { ActionDialog } from '../../parts/action-dialog.tsx'
import { Dialog } from '../../parts/dialog.tsx'
import { Field } from '../../parts/field.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Select } from '../../parts/select.tsx'
import { useTexts } from '../../shell/texts.ts'
import { useCatalogueTexts } from './texts.ts'

export type Value = string | number | boolean | null
export type Values = Record<string, Value>
/** The resource as loaded; only its edited fields are used. */
export type Shown = Readonly<Record<string, unknown>>
/** `limit` and `price` may be empty: null. */
export type FieldSpec = { name: string; label: string; kind: 'text' | 'number' | 'limit' | 'yesno'; hint?: string }
type EditProps = {
  title: string
  of: string
  specs: readonly FieldSpec[]
  consequences: readonly string[]
  /** Loads the resource; absent for a new one. */
  load?: () => Promise<Tagged<Shown>>
  save: (change: Values, etag: string | null, before: Shown) => Promise<void>
  onClose: () => void
  /** A further action of the dialog. */
  extra?: { label: string; onPress: () => void }
}

/** A dialog that edits the fields of a resource. It sends only changed fields, with the ETag of what was loaded. */
export function EditDialog({ load, ...props }: EditProps) {
  const shared = useTexts()
  const answer = useAnswer(
    load ? `edit ${props.of}` : null,
    () => load?.() ?? Promise.reject(new Error('nothing to load')),
  )
  if (!load) return <Loaded {...props} first={{ body: {}, etag: null }} load={null} />
  if (answer.data) return <Loaded {...props} first={answer.data} load={load} />
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      {answer.isLoading && <p key="loading">{shared.loading}</p>}
      <Problem failure={answer.failure} retry={answer.reload} />
    </Dialog>
  )
}

type LoadedProps = Omit<EditProps, 'load'> & { first: Tagged<Shown>; load: (() => Promise<Tagged<Shown>>) | null }

function Loaded({ title, specs, consequences, first, load, save, onClose, extra }: LoadedProps) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const [shown] = useState(first)
  const [now, setNow] = useState<Tagged<Shown>>(first)
  const [others, setOthers] = useState<readonly string[] | null>(null)
  const textOf = (value: unknown) => (value === null || value === undefined ? '' : String(value))
  async function send(typed: Record<string, string>): Promise<void> {
    const touched = specs.filter(({ name }) => load === null || (typed[name] ?? '') !== textOf(shown.body[name]))
    const filled = load === null ? touched.filter(({ name }) => typed[name] !== '') : touched
    const change = Object.fromEntries(filled.map((spec) => [spec.name, toValue(spec, typed[spec.name] ?? '')]))
    // Without changes there is nothing to send; of a new resource the service checks the fields.
    if (load !== null && Object.keys(change).length === 0) return
    try {
      await save(change, now.etag, now.body)
    } catch (failure) {
      if (!load || !isChangedMeanwhile(failure)) throw failure
      const fresh = await load()
      setOthers(
        specs
          .filter(({ name }) => textOf(fresh.body[name]) !== textOf(now.body[name]))
          .map(({ name, label }) => t.setMeanwhile(label, textOf(fresh.body[name]))),
      )
      setNow(fresh)
      // The list above shows the conflict.
      throw new CancelledError('changed meanwhile')
    }
  }
  return (
    <ActionDialog
      title={title}
      consequences={[...(others ? [t.othersChanged, ...others, t.yoursStays] : []), ...consequences]}
      submit={shared.save}
      shown={specs.map(({ name }) => name)}
      onSubmit={send}
      onClose={onClose}
      fields={(errors) => (
        <div class="columns">
          {specs.map(({ name, label, kind, hint }) =>
            kind === 'yesno' ? (
              <Select
                key={name}
                label={label}
                name={name}
                chosen={String(shown.body[name] ?? false)}
                choices={[
                  { value: 'false', text: shared.no },
                  { value: 'true', text: shared.yes },
                ]}
                error={errors[name]}
              />
            ) : (
              <Field
                key={name}
                label={label}
                name={name}
                hint={hint ?? (kind === 'limit' ? t.emptyIsNone : '')}
                initial={textOf(shown.body[name])}
                autocomplete="off"
                error={errors[name]}
              />
            ),
          )}
          {extra && (
            <p class="buttons" key="extra">
              <button type="button" class="warns" onClick={extra.onPress}>
                {extra.label}
              </button>
            </p>
          )}
        </div>
      )}
    />
  )
}

/** Text that is no number is sent unchanged, and the service refuses it. */
function toValue({ kind }: FieldSpec, text: string): Value {
  if (kind === 'yesno') return text === 'true'
  if (kind === 'text') return text
  if (text.trim() === '') return null
  return Number.isFinite(Number(text)) ? Number(text) : text
}
