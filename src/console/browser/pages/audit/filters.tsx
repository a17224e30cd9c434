import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { Field, valuesOf } from '../../parts/field.tsx'
import { Select } from '../../parts/select.tsx'
import { toLocal, toMoment } from '../../shell/moment.ts'
import { setQuery, useRoute } from '../../shell/router.tsx'
import { type Filter, filterOf, partsOf, queryOf } from './filter.ts'
import { useAuditTexts } from './texts.ts'

/** The form of the filters. @param errors messages of the service, by field */
export function Filters({ errors }: { errors: Record<string, string> }) {
  const t = useAuditTexts()
  const { query } = useRoute()
  const filter = filterOf(query)
  const form = useRef<HTMLFormElement>(null)
  const [lacksKind, setLacking] = useState(false)
  const asked = JSON.stringify(filter)
  // The query also changes elsewhere, e.g. by going back; the fields are then updated.
  useEffect(() => {
    for (const [name, value] of Object.entries(shown(filter))) {
      const field = form.current?.elements.namedItem(name) as HTMLInputElement | null
      if (field && field.value !== value) field.value = value
    }
  }, [asked])
  function search(values: Record<string, string>): void {
    const isLacking = Boolean(values.id?.trim()) && !values.kind
    setLacking(isLacking)
    if (!isLacking) setQuery(queryOf(searched(values)))
  }
  const { kind } = partsOf(filter.resource)
  const kinds = Object.entries(t.kinds).map(([value, text]) => ({ value, text }))
  // A type that only the query names is added to the choices; otherwise the next search would drop it.
  if (kind && !(kind in t.kinds)) kinds.push({ value: kind, text: kind })
  const initial = shown(filter)
  return (
    <search>
      <form
        class="filters"
        aria-label={t.searchIn}
        novalidate
        method="post"
        ref={form}
        onSubmit={(event: Event) => {
          event.preventDefault()
          search(valuesOf(event.currentTarget as HTMLFormElement))
        }}
      >
        <Field
          label={t.action}
          name="action"
          hint={t.actionHint}
          {...plain}
          initial={initial.action}
          error={errors.action}
        />
        <Field
          label={t.actor}
          name="actor"
          hint={t.actorHint}
          {...plain}
          initial={initial.actor}
          error={errors.actor}
        />
        <Select
          label={t.kind}
          name="kind"
          chosen={kind}
          choices={[{ value: '', text: t.all }, ...kinds]}
          error={lacksKind ? t.idWantsKind : undefined}
        />
        <Field label={t.id} name="id" {...plain} initial={initial.id} error={errors.resource} />
        <Field label={t.ip} name="ip" {...plain} initial={initial.ip} error={errors.ip} />
        <Field label={t.from} name="from" type="datetime-local" initial={initial.from} error={errors.from} />
        <Field label={t.to} name="to" type="datetime-local" hint={t.localTime} initial={initial.to} error={errors.to} />
        <p class="buttons">
          <button type="submit" class="main">
            {t.search}
          </button>
          {asked !== '{}' && (
            <button type="button" key="clear" onClick={() => setQuery(queryOf({}))}>
              {t.clear}
            </button>
          )}
        </p>
      </form>
    </search>
  )
}

/** Ids and names are not words of a language: no autocompletion. */
const plain = { autocomplete: 'off', maxlength: 140 } as const

type Values = { action: string; actor: string; kind: string; id: string; ip: string; from: string; to: string }

function shown({ action = '', actor = '', resource, ip = '', from, to }: Filter): Values {
  return { action, actor, ...partsOf(resource), ip, from: toLocal(from), to: toLocal(to) }
}

function searched(values: Record<string, string>): Filter {
  const { action = '', actor = '', kind = '', id = '', ip = '', from, to } = trimmed(values)
  return {
    ...(action && { action }),
    ...(actor && { actor }),
    ...(kind && { resource: id ? `${kind}:${id}` : kind }),
    ...(ip && { ip }),
    ...(from && { from: toMoment(from) }),
    ...(to && { to: toMoment(to) }),
  }
}

const trimmed = (values: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]))
