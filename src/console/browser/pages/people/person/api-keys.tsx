import { readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { usePages } from '../../../calls/use-pages.ts'
import { More } from '../../../parts/more.tsx'
import { plainText } from '../../../parts/plain-text.ts'
import { Table } from '../../../parts/table.tsx'
import { useFormat } from '../../../shell/format.ts'
import { usePeopleTexts } from '../texts.ts'

/** A person's API keys, without their secrets. */
export function ApiKeys({ id }: { id: string }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const list = usePages(`keys ${id}`, (cursor) =>
    readApi(() =>
      client.v1.admin.users[':id']['api-keys'].$get({
        param: { id },
        query: { limit: '50', ...(cursor && { cursor }) },
      }),
    ),
  )
  const keys = list.pages.flat()
  return (
    <section class="card">
      <h2>{t.keys}</h2>
      {keys.length > 0 && (
        <Table
          key="keys"
          isWorked
          label={t.keys}
          columns={[t.keyName, t.prefix, t.permissions, t.begun, t.expires, t.lastUsed].map((title) => ({ title }))}
          rows={keys.map((key) => ({
            key: key.id,
            cells: [
              plainText(key.name),
              <code key="prefix">{key.prefix}</code>,
              key.permissions.join(', '),
              format.day(key.createdAt),
              key.expiresAt ? format.time(key.expiresAt) : t.hasNoEnd,
              key.lastUsedAt ? format.ago(key.lastUsedAt) : t.neverYet,
            ],
          }))}
        />
      )}
      <More list={list} />
    </section>
  )
}
