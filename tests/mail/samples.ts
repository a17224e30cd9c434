import type { Brand } from '../../src/brand/brand.ts'
import type { MailData, MailName } from '../../src/mail/templates/mail-data.ts'
import type { NoticeData, NoticeKind, SignInMethod, SubscriptionChange } from '../../src/mail/templates/notice-data.ts'
import type { RenderedMail } from '../../src/mail/templates/template.ts'
import { templates } from '../../src/mail/templates/templates.ts'
import type { Language } from '../../src/text/language.ts'

export const brand: Brand = {
  name: 'MANAS360',
  logoText: 'MANAS360',
  color: '#0f766e',
  support: 'help@manas360.example',
}
export const link = `https://app.manas360.example/account/verify-email#token=${'a1B2'.repeat(10)}xyz`
const at = '2026-11-28T17:55:00.000Z'
const later = '2026-11-28T17:58:00.000Z'
const until = '2026-12-12T00:00:00.000Z'
const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0'
const ip = '203.0.113.7'
const linked: ReadonlySet<MailName> = new Set([
  'verify-email',
  'reset-password',
  'confirm-email',
  'undo-email',
  'accept-invitation',
  'team-invitation',
])

/** Every mail with the data that it may have: each variant by a name of its own. `text`: what people may choose in them. */
export function samples(text = 'Asha Rao'): [string, MailName, MailData[MailName]][] {
  const found: [string, MailName, MailData[MailName]][] = []
  const add = <K extends MailName>(name: K, data: MailData[K], variant = ''): void => {
    found.push([`${name}${variant && ` (${variant})`}`, name, data])
  }
  function addNotice<K extends NoticeKind>(name: K, ...events: NoticeData<K>['events']): void {
    for (const event of events) {
      const variant = Object.values(event).filter((value) => value !== at)
      addData(name, { events: [event] }, variant.join(' ').slice(0, 60))
    }
    const again = events.map((event) => ({ ...event, at: later }))
    addData(name, { events: [...events, ...again], more: 3 }, 'several')
  }
  // The compiler does not see that a notice's data are those of the mail of its name.
  const addData = add as <K extends NoticeKind>(name: K, data: NoticeData<K>, variant: string) => void
  const methods: SignInMethod[] = ['password', 'totp', 'passkey', 'identity', 'recovery-codes']
  const changes: SubscriptionChange[] = [
    'trial-begun',
    'begun',
    'granted',
    'changed',
    'cancelled',
    'resumed',
    'ended',
    'payment-failed',
    'refunded',
  ]

  add('verify-email', { validHours: 24 })
  for (const cause of ['asked', 'administrator', 'undo'] as const)
    add('reset-password', { validHours: 1, cause }, cause)
  add('confirm-email', { validHours: 1 })
  add('undo-email', { validHours: 168, newEmail: `${text}@example.com` })
  add('accept-invitation', { validHours: 168, inviter: text, role: text, plan: text }, 'with role and plan')
  add('accept-invitation', { validHours: 168, inviter: null, role: null, plan: null }, 'plain')
  add('team-invitation', { validHours: 168, team: text, inviter: text }, 'with names')
  add('team-invitation', { validHours: 168, team: null, inviter: null }, 'plain')
  add('email-change-undone', {})
  for (const lastNotice of [false, true])
    add('inactive-account', { lastNotice, eraseAt: until }, lastNotice ? 'last' : 'first')
  for (const by of ['person', 'administrator', 'inactivity'] as const) add('account-erased', { at, by }, by)
  addNotice(
    'new-device',
    { at, userAgent: firefox, ip },
    { at, userAgent: text, ip: null },
    { at, userAgent: null, ip },
  )
  addNotice('registration-attempted', { at })
  addNotice('email-change-taken', { at })
  addNotice('lockout', { at, ip })
  addNotice('code-lockout', { at, ip })
  addNotice('sign-in-method-added', ...methods.map((method) => ({ at, method })))
  addNotice('sign-in-method-removed', ...methods.map((method) => ({ at, method, byAdministrator: method === 'totp' })))
  addNotice('recovery-code-used', { at, codesLeft: 9 }, { at, codesLeft: 1 })
  addNotice('passkey-copied', { at, userAgent: firefox, ip })
  addNotice('refresh-token-reused', { at, userAgent: firefox, ip })
  addNotice('password-changed', { at, ip }, { at, ip: null })
  addNotice('password-reset', { at, ip })
  addNotice('email-change-requested', { at, newEmail: `${text}@example.com` })
  addNotice('email-changed', { at, oldEmail: `${text}@example.com` })
  addNotice('api-key-created', { at, prefix: text, ip })
  addNotice('webhook-disabled', { at, host: text, reason: 'gone' }, { at, host: text, reason: 'failing' })
  addNotice('role-raised', { at, role: text })
  addNotice(
    'team-changed',
    { at, team: text, change: 'joined' },
    { at, team: text, change: 'left' },
    { at, team: null, change: 'removed' },
    { at, team: null, change: 'surplus' },
    { at, team: null, change: 'ended' },
  )
  addNotice(
    'team-seats',
    { at, team: text, members: 30, until: at },
    { at, team: null, members: 1, until: at },
    { at, team: text, members: null, until: at },
  )
  addNotice(
    'subscription-changed',
    ...changes.map((change, i) => ({ at, plan: text, change, until: i % 2 ? until : null })),
  )
  return found
}

/** One of them, rendered; with a link where its kind has one. */
export function render<K extends MailName>(
  name: K,
  data: MailData[K],
  language: Language,
  { timeZone = 'Asia/Kolkata', ...own }: Partial<{ timeZone: string; brand: Brand }> = {},
): RenderedMail {
  return templates[name](data, { brand, language, timeZone, link: linked.has(name) ? link : null, ...own })
}

export const hasLink = (name: MailName): boolean => linked.has(name)
