import type { Sender } from '../config/mail-fields.ts'
import type { RenderedMail } from './templates/template.ts'

/** A mail that is ready to go out. */
export type ReadyMail = RenderedMail & { id: string; messageId: string; to: string; from: Sender; language: string }

/** How mails leave. */
export type Transport = {
  /** @throws whatever `judgeFailure` judges */
  deliver(mail: ReadyMail, signal: AbortSignal): Promise<void>
  /** Breaks off what is under way. */
  close(): void
}
