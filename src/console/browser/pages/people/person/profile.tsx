import type { Person, ProfileChange } from '@manas360/client'
import { callApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { Field } from '../../../parts/field.tsx'
import { Form } from '../../../parts/form.tsx'
import { notifyUndoable } from '../../../parts/undo.ts'
import { useRights } from '../../../session/rights.ts'
import { useFormat } from '../../../shell/format.ts'
import { useTexts } from '../../../shell/texts.ts'
import { usePeopleTexts } from '../texts.ts'

const fields = ['firstName', 'lastName', 'phoneNumber', 'language', 'timezone'] as const
type FieldName = (typeof fields)[number]

/** The profile, and when the account was made and last used. */
export function Profile({ person, changed }: { person: Person; changed: () => void }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const { outranks } = useRights()
  const facts: [string, string][] = [
    [t.id, person.id],
    [t.emailVerified, person.emailVerified ? t.verified : t.notVerified],
    [t.created, format.time(person.createdAt)],
    [t.lastLogIn, person.lastLoginAt ? format.time(person.lastLoginAt) : t.neverYet],
  ]
  if (!outranks(person.privilegeLevel, person.id))
    for (const name of fields) facts.push([t.fields[name], person[name] ?? '–'])
  return (
    <section class="card">
      <h2>{t.tabs.profile}</h2>
      <dl class="pairs">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {outranks(person.privilegeLevel, person.id) && (
        <Edit key={fields.map((name) => person[name]).join('\n')} person={person} changed={changed} />
      )}
    </section>
  )
}

/** Sends only changed fields, so that concurrent changes of others remain. */
function Edit({ person, changed }: { person: Person; changed: () => void }) {
  const t = usePeopleTexts()
  const shared = useTexts()
  async function send(values: Record<string, string>): Promise<void> {
    const different = fields.filter((name) => (values[name] ?? '') !== (person[name] ?? ''))
    if (different.length === 0) return
    const change = Object.fromEntries(different.map((name) => [name, values[name] || null])) as ProfileChange
    const before = Object.fromEntries(different.map((name) => [name, person[name]])) as ProfileChange
    const patch = (json: ProfileChange) =>
      callApi(() => client.v1.admin.users[':id'].$patch({ param: { id: person.id }, json }))
    await patch(change)
    notifyUndoable(t.profileSaved, shared, () => patch(before).then(changed))
    changed()
  }
  const hints: Partial<Record<FieldName, string>> = {
    phoneNumber: t.phoneHint,
    language: t.languageHint,
    timezone: t.zoneHint,
  }
  return (
    <Form
      submit={shared.save}
      shown={fields}
      onSubmit={send}
      fields={(errors) => (
        <div class="columns">
          {fields.map((name) => (
            <Field
              key={name}
              label={t.fields[name]}
              name={name}
              hint={hints[name] ?? ''}
              initial={person[name] ?? ''}
              autocomplete="off"
              error={errors[name]}
            />
          ))}
        </div>
      )}
    />
  )
}
