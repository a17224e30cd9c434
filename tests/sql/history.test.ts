import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { functionFiles } from '../../src/db/functions.ts'

const sql = join(import.meta.dir, '../../sql/tables')

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
0020_account_links 55cba77b5133
0021_mail_outbox 24b368304b21
0022_no_directory 87ab2b760f6f
0023_imported_passwords 247f21fdb5c0
0024_updates_in_place ea9e69c31bcb
0025_mail_deadline b5819be5baa3
0026_invitations 5f1d063fdb26
0027_consents 602177ae52a9
0028_inactivity 1b1e3b6d9249
0029_plan_prices d961598a6cfb
0030_sign_in_strength aa90a904def7
0031_notices_of_the_schema 4531a9a811e4
0032_last_use c568b9aa4a57
0033_passkeys d480d17cea8c
0034_second_factors 1d8481e768a4
0035_payments cfff498ee916
0036_identities 264b60b94299
0037_paid_revenue ccc0732f869f
0038_payment_figures 17d8920a8290
0039_webhooks 9016024090eb
0040_billing_lanes 4d9877d97751
0041_sums_by_day 9ba00c95a2bf
0042_usage_in_place 1ec24ce187cc
0043_operations 62c9d6b17f77
0044_slow_receivers 9a80019fa344
0045_teams b5d60c4538b0
0046_surplus_seats 691ed86e9816
0047_audit_verifications 0efda039cc2b
0048_newest_surplus aab4503115d5
0049_team_sums 66016614dd4d
0050_session_strength 6ae8b797f889
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

/** The first 12 digits of each file's SHA-256 at each revision. A change adds a line; a line is never changed. */
const revisions = `
addresses 1 fad3d248b8b7
addresses 2 20da8259eb21
audit 1 3220b1e7771b
audit 2 6e87f6d6a9b3
audit 3 8d00b0c1f3c1
authz-changes 1 f082a7de80ab
authz-changes 2 64c05b0ceb51
authz-changes 3 98b23e06d557
billing 1 83fd3ac67960
billing 2 6b9ae2c358eb
billing 3 c69443abff6e
consents 1 e7796fa3cded
consents 2 bb84455aa4cf
consents 3 3e5bf1c1d0dd
days 1 db27051acc47
erasure 1 2b8a0fff8cad
erasure 2 86b0f369beb5
erasure 3 4af7f86b274e
erasure 4 5eda931b2bfa
erasure 5 1d8e2363edee
erasure 6 c65e06eed21b
figures 1 11fcfb3b1da0
figures 2 de5716b46266
figures 3 7a0eca8de5c5
ids 1 5545b8ab9a19
jobs 1 4f7840a420b2
jobs 3 d53bb39bdf2a
jobs 4 8a7db7328377
jobs 5 23ea3de9ca41
jobs 6 dcfa6c4961b5
lockouts 1 1fbbc7d2fb7b
lockouts 2 6c641b69a8c4
lockouts 3 612dcb77ba27
lockouts 4 f10466559616
mail 1 cda10934aef0
mail 2 c1602fe1ee1b
mail 3 d62e040f20ad
mail 5 418404eec1ef
mail 6 dbc96fe7bfd3
prices 1 0a6e6ec4a61d
prices 2 a7e92b923846
purge 1 e018a555438c
purge 2 914b2475641e
purge 3 94ace156504f
purge 5 7f9fcac0acb1
purge 6 c3e35cee6ac5
purge 7 1fbd8585da4e
purge 8 0f6eca0f7913
purge 9 016d0d690063
purge 10 78aae60efd17
purge 11 5cd0cf64dcc0
purge 12 d735aed41a51
purge 13 560e921e1dcf
quotas 1 64fb45d41463
quotas 2 6c7d5d2772ce
registration 1 2711e5b1a74c
registration 2 6c915a647cb9
roles 1 343c19616ae0
roles 2 22ae143bb80b
search 1 18fabc6dd2d1
search 2 49763e194c84
sessions 1 871b0d541b1e
sessions 2 026dcb078252
sessions 3 db1327d980c8
subscriptions 1 847174a320b3
subscriptions 3 1588f2d690e3
subscriptions 4 02070fcdcea8
subscriptions 5 b61fc753028f
subscriptions 6 c996c7dfcb52
sums 1 64c83f463a1a
sums 2 cbf507ec782e
sums 3 96766ac0f9c0
tables 1 8d4bc434b846
team-sums 1 982ba276175b
teams 1 5e221b3e4eae
teams 2 4a1288e886a3
teams 3 0c82264a50c7
views 1 aa7119089969
views 2 7b8b764f4ff6
views 3 de56ff53ec5d
views 4 0809d29e1175
views 5 57ae63e29a26
views 6 742671f32388
webhooks 1 ccbae9ebdcde
webhooks 2 5a78bd7b6b82
webhooks 3 d32cf4864782
webhooks 4 7ad1757f8499
webhooks 5 1b93684b6e88
`

test('a file of functions that was edited has a new revision: an older program would else put its own back', () => {
  const landed = new Map(
    revisions
      .trim()
      .split('\n')
      .map((line) => [line.replace(/ [^ ]+$/, ''), line]),
  )
  const latest = functionFiles.map(({ name, revision, sql }) => {
    const digest = createHash('sha256').update(sql).digest('hex').slice(0, 12)
    return {
      line: `${name} ${revision} ${digest}`,
      landed: landed.get(`${name} ${revision}`),
      next: landed.get(`${name} ${revision + 1}`),
    }
  })
  expect(latest).toEqual(latest.map(({ line }) => ({ line, landed: line, next: undefined })))
})
