import type { BrandConfig } from '../brand/variables.ts'
import type { ChangesConfig } from '../changes/variables.ts'
import type { InstanceConfig } from '../config/variables.ts'
import { openKept } from './kept.ts'
import { createMailSender, type MailSender, type SenderDeps } from './sender.ts'
import { openSmtp, smtpConnections } from './smtp.ts'

type Deps = Omit<SenderDeps, 'brand' | 'config'> & {
  config: SenderDeps['config'] & BrandConfig & ChangesConfig & Pick<InstanceConfig, 'publicUrl'>
}

/** Starts the sender that the configuration requires. @throws Error with MAIL=off */
export function startMailSender(deps: Deps): MailSender {
  const { config, log } = deps
  const { mail, brand, publicUrl, authzFeed } = config
  if (mail.mode === 'off') throw new Error('mail is off')
  // Behind a pooler there are no notifications, so it polls more often.
  const pollMs = authzFeed === 'listen' ? 5_000 : 2_000
  const sender = createMailSender(
    { ...deps, brand },
    mail.mode === 'kept'
      ? { open: async () => openKept(publicUrl, log), keeps: true, pollMs }
      : { open: () => openSmtp(mail), keeps: false, pollMs, concurrency: smtpConnections },
  )
  sender.start()
  return sender
}
