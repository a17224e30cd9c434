import type { AuditEntry } from '@manas360/client'
import type { Child } from 'hono/jsx'
import { Dialog } from '../../parts/dialog.tsx'
import { plainText } from '../../parts/plain-text.ts'
import { Table } from '../../parts/table.tsx'
import { useFormat } from '../../shell/format.ts'
import { setQuery } from '../../shell/router.tsx'
import { useTexts } from '../../shell/texts.ts'
import { useStore } from '../../store.ts'
import { type Filter, queryOf } from './filter.ts'
import { Actor, Target } from './links.tsx'
import { openEntry, opened } from './opened.ts'
import { useAuditTexts } from './texts.ts'

/** The dialog of the selected entry, with buttons to its neighbours in the list. */
export function OpenEntry({ pages }: { pages: readonly (readonly AuditEntry[])[] }) {
  const id = useStore(opened)
  const entries = id === null ? [] : pages.flat()
  const at = entries.findIndex((one) => one.id === id)
  const entry = entries[at]
  if (!entry) return null
  return <EntryDialog entry={entry} newer={entries[at - 1]?.id ?? null} older={entries[at + 1]?.id ?? null} />
}

type EntryDialogProps = { entry: AuditEntry; newer: string | null; older: string | null }

function EntryDialog({ entry, newer, older }: EntryDialogProps) {
  const t = useAuditTexts()
  const texts = useTexts()
  const format = useFormat()
  const { action, actorId, entityType, entityId, ipAddress, userAgent, requestId, id, at } = entry
  const only = (filter: Filter) => {
    openEntry(null)
    setQuery(queryOf(filter))
  }
  const code = (value: string | null) => (value === null ? t.unknown : <code>{plainText(value)}</code>)
  return (
    <Dialog title={plainText(action)} onClose={() => openEntry(null)}>
      <dl class="pairs">
        <Pair title={t.at}>{format.moment(at)}</Pair>
        <Pair title={t.utc}>{code(at)}</Pair>
        <Pair title={t.by}>
          <Actor entry={entry} />
        </Pair>
        <Pair title={t.on}>
          <Target entry={entry} />
        </Pair>
        <Pair title={t.network}>{code(ipAddress)}</Pair>
        <Pair title={t.device}>{code(userAgent)}</Pair>
        <Pair title={t.request}>{code(requestId)}</Pair>
        <Pair title={t.entry}>{code(id)}</Pair>
      </dl>
      <Contents entry={entry} />
      <p class="buttons">
        <button type="button" onClick={() => only({ action })}>
          {t.only.action}
        </button>
        {actorId !== null && (
          <button type="button" key="actor" onClick={() => only({ actor: actorId })}>
            {t.only.actor}
          </button>
        )}
        <button
          type="button"
          onClick={() => only({ resource: entityId === null ? entityType : `${entityType}:${entityId}` })}
        >
          {t.only.resource}
        </button>
        {ipAddress !== null && (
          <button type="button" key="ip" onClick={() => only({ ip: ipAddress })}>
            {t.only.ip}
          </button>
        )}
      </p>
      <p class="buttons">
        <Step text={t.newer} to={newer} />
        <Step text={t.older} to={older} />
        <button type="button" class="main" onClick={() => openEntry(null)}>
          {texts.close}
        </button>
      </p>
    </Dialog>
  )
}

/** Stays in place at an end of the list, so that the focus remains. */
function Step({ text, to }: { text: string; to: string | null }) {
  return (
    <button type="button" aria-disabled={to === null ? 'true' : undefined} onClick={() => to !== null && openEntry(to)}>
      {text}
    </button>
  )
}

function Pair({ title, children }: { title: string; children?: Child }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The details of an entry, and the values before and after. */
function Contents({ entry: { details, before, after } }: { entry: AuditEntry }) {
  const t = useAuditTexts()
  const value = (of: Record<string, unknown> | null, name: string) =>
    of && name in of ? <code>{plainText(of[name])}</code> : '–'
  const named = Object.keys(details)
  const changed = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  return (
    <>
      {named.length > 0 && (
        <dl class="pairs" key="details" aria-label={t.details}>
          {named.map((name) => (
            <Pair key={name} title={plainText(name)}>
              {value(details, name)}
            </Pair>
          ))}
        </dl>
      )}
      {changed.length > 0 && (
        <Table
          key="changes"
          label={t.changes}
          columns={[t.field, t.before, t.after].map((title) => ({ title }))}
          rows={changed.map((name) => ({
            key: name,
            cells: [plainText(name), value(before, name), value(after, name)],
          }))}
        />
      )}
    </>
  )
}
