import { expect, test } from 'bun:test'
import { CurrencyCode } from '../../src/catalogue/currencies.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const upperCase = Array.from({ length: 26 ** 3 }, (_, i) =>
  String.fromCharCode(65 + Math.floor(i / 676), 65 + (Math.floor(i / 26) % 26), 65 + (i % 26)),
)
const accepted = upperCase.filter((code) => CurrencyCode.safeParse(code).success)

test('what passes for a currency is one that Unicode knows too, or is younger than its data', () => {
  const known = new Set(Intl.supportedValuesOf('currency'))
  const younger = ['XCG', 'ZWG', 'SLE', 'VED']
  expect(accepted.filter((code) => !known.has(code) && !younger.includes(code))).toEqual([])
  expect(accepted.length).toBeGreaterThan(150)
  for (const code of ['USD', 'EUR', 'INR', 'GBP', 'JPY', 'BHD', 'XOF', 'CHF']) expect(accepted).toContain(code)
})

test('no plan has a price in what is no currency: unknown, withdrawn, for tests, a metal', async () => {
  const app = await openTestApp()
  const { bearer } = await signedIn(app, { role: 'superadmin' })
  for (const currency of ['XXQ', 'DEM', 'HRK', 'XXX', 'XTS', 'XAU', 'usd', 'US', 'USDX', 'ＵＳＤ']) {
    const json = { name: 'made_here', displayName: 'Made here', tier: 900, currency }
    const made = await app.request('/v1/admin/plans', { json, bearer })
    const edited = await app.request('/v1/admin/plans/starter', { method: 'PATCH', json: { currency }, bearer })
    for (const answer of [made, edited]) {
      const { errors } = await expectProblem(answer, 'validation-failed')
      expect(errors?.map(({ path }) => path)).toEqual(['currency'])
    }
  }
  const edit = { method: 'PATCH', json: { currency: 'INR' }, bearer }
  expect((await app.request('/v1/admin/plans/starter', edit)).status).toBe(200)
})
