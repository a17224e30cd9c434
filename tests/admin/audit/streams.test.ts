import { describe, expect, test } from 'bun:test'
import { openLongTrail, path, total, until } from './long-trail.ts'

const { app, bearer, actor, list, all, text } = await openLongTrail()
const { request, deps } = app

describe('as a stream', () => {
  const csvHeader = 'id,at,actorId,action,entityType,entityId,requestId,ipAddress,userAgent,details,before,after'

  test('NDJSON holds every row of the answer, one a line, as the list has them', async () => {
    const lines = (await text(`format=ndjson${until}`)).trimEnd().split('\n')
    expect(lines).toHaveLength(total)
    expect(lines.map((line) => JSON.parse(line))).toEqual(await all(until.slice(1)))
  })

  test('CSV holds every row, and its cells are no formulas', async () => {
    const body = await text(`format=csv&action=session.create${until}`)
    const lines = body.trimEnd().split('\n')
    expect(lines[0]).toBe(csvHeader)
    expect(lines).toHaveLength(1 + total - Math.ceil(total / 10))
    for (const line of lines.slice(1)) expect(line).toContain(`,"'=HYPERLINK(""http://evil.test"")",`)
    // Quotes, line breaks and every script survive.
    expect(await text(`format=csv&actor=${actor}${until}`)).toContain(`"{""reason"":""a\\n\\""quoted\\"", ज्ञान""}"`)
  })

  test('an empty answer is an empty NDJSON, and the head of a CSV', async () => {
    expect(await text('format=ndjson&action=no.one')).toBe('')
    expect(await text('format=csv&action=no.one')).toBe(`${csvHeader}\n`)
  })

  test.each(['ndjson', 'csv'])('as %s it is a file with a name', async (format) => {
    const answer = await request(`${path}?format=${format}${until}`, { bearer })
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="manas360-audit.${format}"`)
    await answer.body?.cancel()
  })

  test('begins after the cursor', async () => {
    const first = await list(`limit=100${until}`)
    const rest = (await text(`format=ndjson&cursor=${first.nextCursor}${until}`)).trimEnd().split('\n')
    expect(rest).toHaveLength(total - 100)
  })

  test.each(['ndjson', 'csv'])('as %s holds as many rows as were asked for, after the cursor', async (format) => {
    const first = await list(`limit=3${until}`)
    const [next] = (await list(`limit=1&cursor=${first.nextCursor}${until}`)).items
    const head = format === 'csv' ? 1 : 0
    const some = await text(`format=${format}&limit=7${until}`)
    expect(some.trimEnd().split('\n')).toHaveLength(7 + head)
    const one = (await text(`format=${format}&limit=1&cursor=${first.nextCursor}${until}`)).trimEnd().split('\n')
    expect(one).toHaveLength(1 + head)
    expect(one[head]).toContain(next?.id ?? 'none')
  })

  test('is read in batches, when the reader asks for more: memory stays flat', async () => {
    const response = await request(`${path}?format=ndjson${until}`, { bearer })
    const reader = response.body?.getReader()
    const before = deps.db.stats().queries
    const sizes: number[] = []
    for (;;) {
      const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
      if (done) break
      sizes.push(new TextDecoder().decode(value).split('\n').length - 1)
    }
    expect(sizes).toEqual([500, 500, 234])
    // The first batch is made when the stream is, the others when they are asked for.
    expect(deps.db.stats().queries - before).toBeGreaterThanOrEqual(2)
  })

  test('has the type that it says, and is kept by nobody', async () => {
    for (const [format, type] of [
      ['csv', 'text/csv; charset=utf-8'],
      ['ndjson', 'application/x-ndjson; charset=utf-8'],
    ]) {
      const { headers } = await request(`${path}?format=${format}&action=no.one`, { bearer })
      expect([headers.get('content-type'), headers.get('cache-control')]).toEqual([type ?? '', 'no-store'])
    }
  })
})
