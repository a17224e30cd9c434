import { expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { describeWith } from '../support/tools.ts'

describeWith(['promtool'], 'prometheus')("Prometheus' linter of metrics", () => {
  test('finds nothing', async () => {
    const app = await openTestApp({ RATE_LIMIT_GLOBAL: '100/1m', RATE_LIMIT_AUTH: '10/15m' })
    const { accessToken } = await registered(app)
    await app.request('/v1/me', { bearer: accessToken })
    await app.request('/v1/auth/login', { json: { email: 'nobody@people.test', password: 'x' } })
    const metrics = await (await app.request('/metrics')).text()
    const linter = Bun.spawn(['promtool', 'check', 'metrics'], {
      stdin: Buffer.from(metrics),
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const told = (await new Response(linter.stdout).text()) + (await new Response(linter.stderr).text())
    expect([await linter.exited, told]).toEqual([0, ''])
  })
})
