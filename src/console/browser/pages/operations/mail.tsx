import type { Mail, Operations } from '@manas360/client'
import { useState } from 'hono/jsx/dom'
import { readApi } from '../../calls/call-api.ts'
import { client } from '../../calls/client.ts'
import type { Loaded } from '../../calls/use-answer.ts'
import { usePages } from '../../calls/use-pages.ts'
import { useRights } from '../../session/rights.ts'
import { useFormat } from '../../shell/format.ts'
import { Link } from '../../shell/router.tsx'
import { AuditedList, signalOf } from './audited-list.tsx'
import { Progress } from './progress.tsx'
import { RetryDialog } from './retry-dialog.tsx'
import { StatusFilter, useStatus } from './status-filter.tsx'
import { useOperationsTexts } from './texts.ts'

const statuses = ['failed', 'queued', 'sent'] as const

/** The outbox of mails; by default those that failed. */
export function MailQueue({ operations }: { operations: Loaded<Operations> }) {
  const t = useOperationsTexts()
  const format = useFormat()
  const { may } = useRights()
  const [opened, setOpened] = useState<Mail | null>(null)
  const status = useStatus()
  const list = usePages(`mail ${status}`, (cursor) =>
    readApi(() =>
      // Unknown statuses are sent unchanged, and the service refuses them.
      client.v1.admin.mail.$get({
        query: { limit: '50', ...(status && { status: status as Mail['status'] }), ...(cursor && { cursor }) },
      }),
    ),
  )
  const changed = () => {
    list.reload()
    operations.refresh()
  }
  return (
    <>
      <AuditedList
        key="list"
        label={t.tabs.mail}
        list={list}
        signal={signalOf(status, operations.data?.queues.mail)}
        filters={<StatusFilter statuses={statuses} names={t.mailStatuses} />}
        columns={[t.mail, t.status, t.written, t.action].map((title) => ({ title }))}
        rows={list.pages.flat().map((one) => ({
          key: one.id,
          cells: [
            <MailCell key="mail" mail={one} mayOpen={may('users.manage')} />,
            <Progress key="status" of={one} label={t.mailStatuses[one.status]} />,
            format.time(one.createdAt),
            one.status === 'sent' ? (
              '–'
            ) : (
              <button
                type="button"
                key="retry"
                aria-label={`${one.status === 'failed' ? t.retry : t.sendNow}: ${one.template}`}
                onClick={() => setOpened(one)}
              >
                {one.status === 'failed' ? t.retry : t.sendNow}
              </button>
            ),
          ],
        }))}
      />
      {opened && <RetryDialog key={opened.id} mail={opened} changed={changed} onClose={() => setOpened(null)} />}
    </>
  )
}

function MailCell({ mail: { template, accountId }, mayOpen }: { mail: Mail; mayOpen: boolean }) {
  const t = useOperationsTexts()
  return (
    <>
      <code>{template}</code>
      <span class="hint">
        {accountId === null && t.ofNobody}
        {accountId !== null &&
          (mayOpen ? (
            <Link key="account" path={['people', accountId]}>
              {t.itsAccount}
            </Link>
          ) : (
            <code key="account">{accountId}</code>
          ))}
      </span>
    </>
  )
}
