import type { RenderedMail } from './templates/template.ts'
import type { Sender } from './variables.ts'

/** A rendered mail with its envelope. */
type ReadyMail = RenderedMail & { id: string; messageId: string; to: string; from: Sender; language: string }

/** A way to deliver mails. */
export type Transport = {
  /** @throws errors that `classifyFailure` accepts */
  deliver(mail: ReadyMail, signal: AbortSignal): Promise<void>
  /** Aborts running deliveries. */
  close(): void
}
