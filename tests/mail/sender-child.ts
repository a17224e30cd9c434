/** A sender as a process of its own, to be killed: DATABASE_URL, SMTP_URL and DATA_KEY say of what. */
import { openDatabase } from '../../src/db/database.ts'
import { createLogger } from '../../src/log/logger.ts'
import { createOutbox } from '../../src/mail/outbox.ts'
import { createMailSender } from '../../src/mail/sender.ts'
import { openSmtp } from '../../src/mail/smtp.ts'
import { createSecrets } from '../../src/secrets/secrets.ts'
import { from } from '../support/mail-from.ts'

const { DATABASE_URL: url = '', SMTP_URL: smtpUrl = '', DATA_KEY = '' } = process.env
const db = openDatabase({
  url,
  max: 4,
  statementTimeoutMs: 5_000,
  slowQueryMs: 60_000,
  ssl: 'disable',
  applicationName: 'manas360-sender',
  onSlow: () => {},
  onWarn: () => {},
})
const secrets = createSecrets([DATA_KEY])
const smtp = { mode: 'smtp', from, smtpUrl, verifyTls: false } as const
const mail = createOutbox({ mail: smtp, secrets })
const brand = { name: 'MANAS360', logoText: 'MANAS360', color: '#2f6f5e', support: null }
createMailSender(
  { sql: db.sql, log: createLogger({ level: 'silent' }), secrets, mail, brand, config: { mail: smtp } },
  { open: () => openSmtp(smtp), keeps: false, pollMs: 100 },
).start()
// Until it is killed.
setInterval(() => {}, 60_000)
