import type { RenderedMail } from './templates/template.ts'
import type { Sender } from './variables.ts'

/** A mail that is ready to go out. */
export type ReadyMail = RenderedMail & { id: string; messageId: string; to: string; from: Sender; language: string }

/** How mails leave. */
export type Transport = {
  /** @throws errors for `classifyFailure` */
  deliver(mail: ReadyMail, signal: AbortSignal): Promise<void>
  /** Aborts running deliveries. */
  close(): void
}
