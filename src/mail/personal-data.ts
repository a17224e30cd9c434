import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const mailData: PersonalData[] = [
  {
    table: 'mail_outbox',
    exported: rowsOf('mail_outbox', {
      part: 'mails',
      columns: `t.id, template, recipient, language, contents, status, created_at as "createdAt", ended_at as "endedAt"`,
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
]
