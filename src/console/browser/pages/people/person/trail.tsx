import { readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { usePages } from '../../../calls/use-pages.ts'
import { More } from '../../../parts/more.tsx'
import { plainText } from '../../../parts/plain-text.ts'
import { Select } from '../../../parts/select.tsx'
import { Table } from '../../../parts/table.tsx'
import { useFormat } from '../../../shell/format.ts'
import { setQuery, useRoute } from '../../../shell/router.tsx'
import { usePeopleTexts } from '../texts.ts'

/** The audit rows by and about a person, newest first. */
export function Trail({ id }: { id: string }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const { query } = useRoute()
  const isBy = query.by === 'person'
  const filter = isBy ? { actor: id } : { resource: `account:${id}` }
  const list = usePages(`trail ${id} ${isBy}`, async (cursor) => {
    const asked = { ...filter, limit: '50', ...(cursor && { cursor }) }
    const answer = await readApi(() => client.v1.admin['audit-logs'].$get({ query: asked }))
    // A string only for other formats.
    return typeof answer === 'string' ? { items: [], nextCursor: null } : answer
  })
  const entries = list.pages.flat()
  return (
    <section class="card">
      <h2>{t.tabs.trail}</h2>
      <Select
        label={t.trailOf}
        name="by"
        chosen={isBy ? 'person' : ''}
        choices={[
          { value: '', text: t.trailAbout },
          { value: 'person', text: t.trailBy },
        ]}
        onChoose={(by) => setQuery({ by })}
      />
      {entries.length > 0 && (
        <Table
          key="entries"
          isWorked
          label={t.tabs.trail}
          columns={[t.at, t.action, isBy ? t.about : t.by, t.details].map((title) => ({ title }))}
          rows={entries.map((one) => ({
            key: one.id,
            cells: [
              format.time(one.at),
              <code key="action">{plainText(one.action)}</code>,
              <code key="who">
                {isBy ? plainText(`${one.entityType}:${one.entityId ?? ''}`) : (one.actorId ?? '–')}
              </code>,
              <code key="details">{textOf({ ...one.details, ...one.after })}</code>,
            ],
          }))}
        />
      )}
      <More list={list} />
    </section>
  )
}

const textOf = (details: Record<string, unknown>) =>
  Object.entries(details)
    .map(([name, value]) => `${plainText(name)}: ${plainText(value)}`)
    .join(' · ')
