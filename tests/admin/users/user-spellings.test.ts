import { describe, expect, test } from 'bun:test'
import { migrate } from '../../../src/db/migrate.ts'
import { givenAccount } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { openEmptyDatabase } from '../../support/empty-database.ts'

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'admin' })

async function find(q: string): Promise<string[]> {
  const answer = await request(`/v1/admin/users?limit=100&q=${encodeURIComponent(q)}`, { bearer: admin.bearer })
  expect(answer.status).toBe(200)
  return (await bodyOf<{ items: { id: string }[] }>(answer)).items.map(({ id }) => id)
}

/** Names as people write them; each is found by itself, and by whatever spelling somebody else gives it. */
const names: [stored: string, ...asked: string[]][] = [
  ['ΝΙΚΟΣ', 'νικος', 'Νικος', 'νικοσ', 'ΝΙΚ'],
  ['Νίκος', 'ΝΊΚΟΣ', 'νίκος'.normalize('NFD')],
  ['İpek', 'ipek', 'İPEK', 'IPEK'],
  ['Irmak', 'ırmak', 'IRMAK', 'irmak'],
  ['Zoë'.normalize('NFD'), 'zoë', 'ZOË', 'Zoë'.normalize('NFD')],
  ['Zoë van Dijk', 'zoë VAN dijk', 'Zoë van'.normalize('NFD')],
  ['Straßer', 'STRASSER', 'strasser', 'STRAẞER'],
  ['ＡＳＨＡ Ｒａｏ', 'asha rao', 'ａｓｈａ'],
  ['ŁUKASZ', 'łukasz', 'Łukasz'],
  ['Ὀδυσσεύς', 'ὀδυσσεύς', 'ὈΔΥΣΣΕΎΣ'],
  ['ЮЛИЯ', 'юлия', 'Юлия'],
  ['Յակոբ', 'յակոբ', 'ՅԱԿՈԲ'],
  ['Nguyễn Thị Ánh', 'NGUYỄN THỊ', 'nguyễn thị ánh'.normalize('NFD')],
  ['आशा क़ुरैशी', 'आशा', 'क़ुरैशी'.normalize('NFD')],
  ['한국어', '한국어'.normalize('NFD'), '한국'],
  ['ﬁona', 'fiona', 'FIONA'],
  ['100％ Ｏｆｆ＿Ｌｉｎｅ', '100%', 'off_line', '％ Ｏｆ'],
  ['𐐔𐐯𐑅', '𐐼𐐯𐑅'],
]

describe('a name is found by its own text, and by its other spellings', () => {
  for (const [stored, ...asked] of names)
    test(stored, async () => {
      const account = await givenAccount(app)
      await sql`update user_accounts set first_name = ${stored} where id = ${account.id}`
      for (const q of [stored, ...asked]) expect([q, await find(q)]).toEqual([q, [account.id]])
    })

  test('and what folds to a wildcard is none', async () => {
    for (const q of ['％％％', 'O％L', 'f＿l＿n', '＼＼＼']) expect(await find(q)).toEqual([])
  })
})

test('every letter finds its other case, as Unicode pairs them', async () => {
  const letters: string[] = []
  for (let point = 0x41; point < 0x1ffff; point++) {
    const letter = point < 0xd800 || point > 0xdfff ? String.fromCodePoint(point) : ''
    if (/\p{L}/u.test(letter) && [...letter.toLowerCase()].length === 1 && letter.toLowerCase() !== letter)
      letters.push(letter)
  }
  expect(letters.length).toBeGreaterThan(1_300)
  const lower = letters.map((letter) => letter.toLowerCase())
  const apart = await sql`
    select a, b from unnest(${letters}::text[], ${lower}::text[]) t (a, b) where search_fold(a) <> search_fold(b)`
  expect([...apart]).toEqual([])
})

const [{ version } = { version: 0 }] = await sql<{ version: number }[]>`
  select current_setting('server_version_num')::int as version`
/** What each says of case: nothing beyond ASCII; Turkish rules, where I is no capital of i. ICU stands in 15 and later. */
const locales = {
  C: "lc_collate 'C' lc_ctype 'C'",
  ...(version >= 150_000 && { Turkish: "locale_provider icu icu_locale 'tr-TR'" }),
}

describe.each(Object.entries(locales))('in a database of locale %s', (_name, options) => {
  test('the same are found', async () => {
    const { sql, url } = await openEmptyDatabase(options)
    await migrate({ url })
    for (const [stored, ...asked] of names) {
      await sql`
        insert into user_accounts (id, email, password_hash, first_name)
        values (${Bun.randomUUIDv7()}, ${`${crypto.randomUUID()}@people.test`}, '$argon2id$', ${stored})`
      for (const q of [stored, ...asked]) {
        const rows = await sql`
          select first_name from user_accounts where search_text like '%' || search_pattern(${q}) || '%'`
        expect(rows.map((row) => row.first_name)).toContain(stored)
      }
    }
  })
})

test('the pattern is known when a search is planned: its index serves it', async () => {
  const plan = await app.sql.begin(async (tx) => {
    await tx`select set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'off', true)`
    return tx`explain select 1 from user_accounts a where a.search_text like '%' || search_pattern(${'ΝΙΚΟΣ'}) || '%'`
  })
  const text = JSON.stringify(plan)
  expect(text).toContain('user_accounts_search')
  expect(text).toContain('%νικοσ%')
})
