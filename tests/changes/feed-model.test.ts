import { afterAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openTestApp } from '../support/app.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { beginTrial, openFleet, type Token, type Trial } from './feed-model.ts'

/** More trials than a test run has time for: TEST_FEED_TRIALS=500 bun run test tests/changes/feed-model */
const trials = Number(process.env.TEST_FEED_TRIALS ?? 10)
const longest = 60

const app = await openTestApp()
const fleet = await openFleet(app, ['listen', 'listen', 'poll'])
afterAll(closedBeforeDrop(app.databaseUrl, fleet.close))

const editedRoles = ['guest', 'user', 'subscriber']
const editedPlans = ['free', 'starter', 'professional']
const permissions = ['profile.read', 'profile.update', 'dashboard.read', 'payments.read']
const features = ['data_export', 'premium_dashboard', 'webhook_support', 'api_access']
const lastsSeconds = 60

const { roles, plans } = app.deps.catalogue.current
const catalogue = {
  permissionsOf: Object.fromEntries([...roles].map(([name, role]) => [name, [...role.permissions]])),
  featuresOf: Object.fromEntries([...plans].map(([name, plan]) => [name, [...plan.featureNames]])),
}

type Step = fc.AsyncCommand<Trial, unknown>
let judged = 0

/** A change, a request or a fault, and then everybody asks everywhere. */
function step(name: string, act: (trial: Trial) => Promise<unknown> | unknown, possible = (_: Trial) => true): Step {
  return {
    check: possible,
    async run(trial) {
      await act(trial)
      judged += await trial.judge()
    },
    toString: () => name,
  }
}

const instance = fc.nat(fleet.instances.length - 1)
const who = fc.nat(1)
const number = fc.nat(9)
const ends = (lasts: boolean) => (lasts ? null : fleet.now() + lastsSeconds * 1000)
const toIso = (moment: number | null) => (moment === null ? null : new Date(moment).toISOString())

/** Something that the owner of a living token does. */
function asOwner(what: string, act: (trial: Trial, through: number, token: Token) => Promise<unknown>) {
  return fc.tuple(instance, number).map(([through, index]) =>
    step(
      `${what} with token ${index} through ${through}`,
      (trial) => act(trial, through, trial.living(index) as Token),
      (trial) => trial.living(index) !== undefined,
    ),
  )
}

const logIn = fc.tuple(instance, who).map(([through, person]) =>
  step(
    `log in person ${person} through ${through}`,
    (trial) => trial.logIn(through, person),
    (trial) => !trial.person(person).locked,
  ),
)
const refresh = asOwner('refresh', (trial, through, token) => trial.refresh(through, token))
const logOut = asOwner('log out', async (trial, through, token) => {
  await trial.asPerson(through, token, '/v1/auth/logout')
  trial.world.over.push(token.session)
})
const logOutEverywhere = asOwner('log out everywhere', async (trial, through, token) => {
  await trial.asPerson(through, token, '/v1/auth/logout-all')
  trial.world.over.push(...trial.sessionsOf(token.who))
})
const changePassword = asOwner('change the password', async (trial, through, token) => {
  await trial.changePassword(through, token)
  trial.world.over.push(...trial.sessionsOf(token.who).filter((session) => session !== token.session))
})

const giveRole = fc.tuple(instance, who, fc.constantFrom('guest', 'user', 'admin')).map(([through, person, role]) =>
  step(`make person ${person} ${role} through ${through}`, async (trial) => {
    await trial.toListedUser(through, 'PUT', person, '/role', { role })
    trial.person(person).role = role
  }),
)
const grantPlan = fc
  .tuple(instance, who, fc.constantFrom(...editedPlans), fc.boolean())
  .map(([through, person, plan, lasts]) =>
    step(`grant ${plan}${lasts ? '' : ' for a while'} to person ${person} through ${through}`, async (trial) => {
      const end = plan === 'free' ? null : ends(lasts)
      const json = { plan, reason: 'tried', ...(end !== null && { endsAt: toIso(end) }) }
      await trial.toListedUser(through, 'PUT', person, '/subscription', json)
      const { role } = trial.person(person)
      const [paid, unpaid] = [role === 'user' ? 'subscriber' : role, role === 'subscriber' ? 'user' : role]
      Object.assign(trial.person(person), { plan, planEnds: end, role: plan === 'free' ? unpaid : paid })
    }),
  )
const override = fc
  .tuple(instance, who, fc.constantFrom(...features), fc.boolean(), fc.boolean())
  .map(([through, person, feature, granted, lasts]) =>
    step(
      `${granted ? 'grant' : 'refuse'} ${feature}${lasts ? '' : ' for a while'} to person ${person} through ${through}`,
      async (trial) => {
        const end = ends(lasts)
        const json = { granted, reason: 'tried', expiresAt: toIso(end) }
        await trial.toListedUser(through, 'PUT', person, `/features/${feature}`, json)
        trial.person(person).overrides[feature] = { granted, ends: end }
      },
    ),
  )
const clearOverride = fc.tuple(instance, who, fc.constantFrom(...features)).map(([through, person, feature]) =>
  step(
    `leave ${feature} of person ${person} to the plan through ${through}`,
    async (trial) => {
      await trial.toListedUser(through, 'DELETE', person, `/features/${feature}`)
      delete trial.person(person).overrides[feature]
    },
    (trial) => trial.person(person).overrides[feature] !== undefined,
  ),
)
const lock = fc.tuple(instance, who).map(([through, person]) =>
  step(`lock or unlock person ${person} through ${through}`, async (trial) => {
    const { locked } = trial.person(person)
    await trial.toListedUser(
      through,
      'POST',
      person,
      locked ? '/unlock' : '/lock',
      locked ? undefined : { reason: 'tried' },
    )
    trial.person(person).locked = !locked
    if (!locked) trial.world.over.push(...trial.sessionsOf(person))
  }),
)
const editRole = fc
  .tuple(instance, fc.constantFrom(...editedRoles), fc.subarray(permissions))
  .map(([through, role, held]) =>
    step(`let ${role} have [${held}] through ${through}`, async (trial) => {
      await trial.asRoot(through, 'PUT', `/roles/${role}/permissions`, { permissions: held })
      trial.world.permissionsOf[role] = held
    }),
  )
const editPlan = fc
  .tuple(instance, fc.constantFrom(...editedPlans), fc.subarray(features))
  .map(([through, plan, included]) =>
    step(`let ${plan} include [${included}] through ${through}`, async (trial) => {
      const json = { features: included.map((name) => ({ name })) }
      await trial.asRoot(through, 'PUT', `/plans/${plan}/features`, json)
      trial.world.featuresOf[plan] = included
    }),
  )
const timePasses = fc.constant(step('time passes', () => fleet.advance(lastsSeconds + 2)))
const cut = instance.map((index) => step(`cut the feed of ${index}`, (trial) => trial.cut(index)))
const recover = instance.map((index) => step(`heal the feed of ${index}`, (trial) => trial.recover(index)))
const restart = instance.map((index) =>
  step(`restart ${index}`, async (trial) => {
    await trial.recover(index)
    await fleet.restart(index)
  }),
)

const changes = [giveRole, grantPlan, override, clearOverride, lock, editRole, editPlan]
const commands = [logIn, logIn, refresh, logOut, logOutEverywhere, changePassword, ...changes, cut, recover, restart]

test(
  'whatever changes through whichever instance, every token may do on every instance what is true, and nothing else',
  async () => {
    const base = editedRoles.map((role) => [role, catalogue.permissionsOf[role] ?? []] as const)
    const property = fc.asyncProperty(
      // An access token lives for 15 minutes: time may pass eight times.
      fc.commands([...commands, timePasses], { maxCommands: longest, size: 'max' }),
      async (steps) => {
        const trial = await beginTrial(app, fleet, catalogue)
        for (const [role, held] of base)
          await trial.asRoot(0, 'PUT', `/roles/${role}/permissions`, { permissions: held })
        for (const plan of editedPlans) {
          const included = (catalogue.featuresOf[plan] ?? []).map((name) => ({ name }))
          await trial.asRoot(0, 'PUT', `/plans/${plan}/features`, { features: included })
        }
        try {
          for (const [index, person] of [0, 0, 1, 1].entries())
            await trial.logIn(index % fleet.instances.length, person)
          await trial.judge()
          await fc.asyncModelRun(() => ({ model: trial, real: undefined }), steps)
        } finally {
          for (const index of fleet.instances.keys()) await trial.recover(index)
        }
      },
    )
    await fc.assert(property, { numRuns: trials, endOnFailure: false, markInterruptAsFailure: false })
    expect(judged).toBeGreaterThan(0)
    process.stderr.write(
      `${judged} answers of ${fleet.instances.length} instances were as the truth in ${trials} trials\n`,
    )
  },
  trials * 30_000,
)
