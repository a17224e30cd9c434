import type { Actor } from '../../access/actor.ts'
import { mail } from '../../audit/actor.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Slice } from '../../http/output/page.ts'
import type { AdminDeps } from '../deps.ts'
import { listMails, lockMail, type MailItem, type MailStatus, requeueMail } from './queries.ts'

/** The outbox, newest first. The search is audited. */
export async function readMails(
  { sql, audit }: AdminDeps,
  actor: Actor,
  filter: { status?: MailStatus },
  { limit, after }: Slice<string>,
): Promise<MailItem[]> {
  const rows = await listMails(sql, filter.status, limit, after)
  await audit.record(sql, actor, 'mail.search', mail(null), { details: filter })
  return rows
}

/**
 * Queues a failed mail again, or makes a waiting one due at once.
 * @throws AppError `not-found`; `mail-not-retryable` when it was sent, or its content is deleted
 */
export function retryMail({ sql, audit }: AdminDeps, actor: Actor, id: string): Promise<void> {
  return sql.begin(async (tx) => {
    const found = await lockMail(tx, id)
    if (!found) throw new AppError('not-found')
    if (found.status === 'sent' || found.isEmpty) throw new AppError('mail-not-retryable')
    await requeueMail(tx, id)
    await audit.record(tx, actor, 'mail.retry', mail(id), found.accountId ? { subjectId: found.accountId } : {})
  })
}
