import type { Person } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { callApi, readApi } from '../../../calls/call-api.ts'
import { client } from '../../../calls/client.ts'
import { useAnswer } from '../../../calls/use-answer.ts'
import { usePages } from '../../../calls/use-pages.ts'
import { ActionDialog } from '../../../parts/action-dialog.tsx'
import { More } from '../../../parts/more.tsx'
import { plainText } from '../../../parts/plain-text.ts'
import { Problem } from '../../../parts/problem.tsx'
import { Table } from '../../../parts/table.tsx'
import { useRights } from '../../../session/rights.ts'
import { useFormat } from '../../../shell/format.ts'
import { notify } from '../../../shell/notices.tsx'
import { usePeopleTexts } from '../texts.ts'
import { ApiKeys } from './api-keys.tsx'

/** A person's sign-in methods, sessions and API keys. */
export function Access({ person }: { person: Person }) {
  return (
    <div>
      <Methods id={person.id} />
      <Sessions person={person} />
      <ApiKeys id={person.id} />
    </div>
  )
}

function Methods({ id }: { id: string }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const answer = useAnswer(`methods ${id}`, () =>
    readApi(() => client.v1.admin.users[':id']['sign-in-methods'].$get({ param: { id } })),
  )
  const has = answer.data
  const used = (at: string | null) => (at ? t.usedAt(format.ago(at)) : t.neverUsed)
  return (
    <section class="card">
      <h2>{t.methods}</h2>
      <Problem failure={answer.failure} retry={answer.reload} />
      {has && (
        <ul key="methods">
          <li>{has.password ? t.hasPassword : t.hasNoPassword}</li>
          <li>{has.totp.enabled ? t.hasApp(has.totp.since ? format.day(has.totp.since) : '') : t.hasNoApp}</li>
          <li>{t.recoveryCodes(format.number(has.recoveryCodesLeft))}</li>
          {has.passkeys.map(({ id: key, name, lastUsedAt }) => (
            <li key={key}>{t.passkey(name, used(lastUsedAt))}</li>
          ))}
          {has.identities.map(({ id: key, displayName, email, lastUsedAt }) => (
            <li key={key}>{t.identity(displayName, email ?? '', used(lastUsedAt))}</li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Sessions({ person }: { person: Person }) {
  const t = usePeopleTexts()
  const format = useFormat()
  const { outranks } = useRights()
  const [ending, setEnding] = useState<string | null>(null)
  const { id } = person
  const list = usePages(`sessions ${id}`, (cursor) =>
    readApi(() =>
      client.v1.admin.users[':id'].sessions.$get({ param: { id }, query: { limit: '50', ...(cursor && { cursor }) } }),
    ),
  )
  const mayEnd = outranks(person.privilegeLevel, id)
  const sessions = list.pages.flat()
  return (
    <section class="card">
      <h2>{t.sessions}</h2>
      {sessions.length > 0 && (
        <Table
          key="sessions"
          isWorked
          label={t.sessions}
          columns={[t.device, t.network, t.begun, t.lastUsed, t.action].map((title) => ({ title }))}
          rows={sessions.map((one) => ({
            key: one.id,
            cells: [
              one.userAgent === null ? t.unknown : plainText(one.userAgent),
              one.network ?? t.unknown,
              format.time(one.createdAt),
              format.ago(one.lastUsedAt),
              mayEnd ? (
                <button type="button" class="quiet" key="end" onClick={() => setEnding(one.id)}>
                  {t.endSession}
                </button>
              ) : (
                ''
              ),
            ],
          }))}
        />
      )}
      <More list={list} />
      {ending && (
        <ActionDialog
          key={ending}
          title={t.endSession}
          consequences={t.consequences.session}
          submit={t.endSession}
          danger
          onClose={() => setEnding(null)}
          onSubmit={async () => {
            await callApi(() => client.v1.admin.users[':id'].sessions[':sid'].$delete({ param: { id, sid: ending } }))
            notify(t.sessionEnded)
            list.reload()
          }}
        />
      )}
    </section>
  )
}
