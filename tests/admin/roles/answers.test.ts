import { expect, test } from 'bun:test'
import {
  changeFeature,
  changePlan,
  createFeature,
  createPlan,
  setPlanFeatures,
} from '../../../src/admin/plans/plans.ts'
import { changeRole, createRole, setPermissions } from '../../../src/admin/roles/roles.ts'
import type { Sql } from '../../../src/db/types.ts'
import { givenAccount } from '../../support/accounts.ts'
import { actingAs } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'

const app = await openTestApp()
const { deps } = app

/** The deps with a pool that only opens transactions: whatever is read after a commit fails. */
function onlyTransactions() {
  const refuse = () => {
    throw new Error('a statement outside the transaction')
  }
  const sql = Object.assign(refuse, { begin: deps.sql.begin.bind(deps.sql) })
  return { ...deps, sql: sql as unknown as Sql }
}

test('an edit of the catalogue is answered as it was committed, whoever edits it next', async () => {
  const root = actingAs((await givenAccount(app, { role: 'superadmin' })).id)
  const within = onlyTransactions()
  const role = { name: 'answering', description: '', privilegeLevel: 20 }
  expect(await createRole(within, root, role)).toMatchObject({ ...role, permissions: [] })
  expect(await changeRole(within, root, role.name, { retired: true })).toMatchObject({ retired: true })
  expect(await changeRole(within, root, role.name, { retired: true })).toMatchObject({ retired: true })
  expect(await setPermissions(within, root, role.name, ['profile.read'])).toMatchObject({
    permissions: ['profile.read'],
  })
  const feature = { name: 'answering', displayName: 'Answering', description: '', category: 'wellness' }
  expect(await createFeature(within, root, feature)).toMatchObject(feature)
  expect(await changeFeature(within, root, feature.name, { category: 'other' })).toMatchObject({ category: 'other' })
  const limits = { maxUsers: null, maxApiRequestsPerMonth: 7, maxStorageGb: null, apiRequestsPerMinute: null }
  const prices = { priceMonthlyMinor: 1, priceYearlyMinor: 10, currency: 'USD', trialDays: 0, featured: false }
  const plan = { name: 'answering', displayName: 'Answering', description: '', tier: 77 }
  expect(await createPlan(within, root, { ...plan, ...prices, ...limits })).toMatchObject({ ...plan, limits })
  expect(await changePlan(within, root, plan.name, { tier: 78 })).toMatchObject({ tier: 78 })
  expect(await setPlanFeatures(within, root, plan.name, [{ name: 'api_access' }])).toMatchObject({
    featureNames: ['api_access'],
  })
})
