import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { join } from 'node:path'

const sql = join(import.meta.dir, '../../sql')

/** The first 12 digits of each migration's SHA-256. A new migration adds a line; a line is never changed. */
const history = `
0001_schema f7e3b8cccd7d
0002_administration bd156ec72525
0003_api_keys edcf879957b6
0004_quotas 2c216d0a5c45
0005_directory a7ea1a495ad0
0006_change_feed fe1183b02681
0007_search_path 0cd95ca25e15
0008_failures_in_a_row 90e651ffbf04
0009_feature_quotas 1eb2bb9fefc1
0010_standings 1c1094afb385
0011_erased_traces 0ba4964e6430
0012_audit_subjects 9b87fb252937
0013_trial_subscriptions 5e70ba8d739b
0014_search_fold fc6ed6a9f4f4
0015_canonical_addresses 5d1f8a5932c1
0016_search_functions 5a76cdf36e63
0017_lapsing da9ffd9ac1f5
0018_local_days 833ced3a9135
0019_people_statistics 0a4185959ac2
`

test('no migration that has landed was edited: databases that ran it would refuse to start', async () => {
  const files = [...new Bun.Glob('[0-9]*.sql').scanSync(sql)].sort()
  const digests = await Promise.all(
    files.map(async (file) => {
      const digest = createHash('sha256').update(await Bun.file(join(sql, file)).text())
      return `${file.replace('.sql', '')} ${digest.digest('hex').slice(0, 12)}`
    }),
  )
  expect(digests).toEqual(history.trim().split('\n'))
})
