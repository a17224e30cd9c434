import { expect } from 'bun:test'
import { type Network, openProxy } from '../../scripts/cluster/tcp-proxy.ts'
import { createApp } from '../../src/app.ts'
import { type OpenDeps, openDeps } from '../../src/services.ts'
import { givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { bodyOf, type SessionJson, type TestApp } from '../support/app.ts'
import { describeRights, mayDo, mayHaveBeen, type World } from '../support/rights-oracle.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const keptTokens = 10

export type Token = { who: number; session: string; bearer: string }
type Instance = {
  name: string
  proxy: Network
  deps: OpenDeps
  fetch: (path: string, method: string, bearer: string, json?: unknown) => Promise<Response>
  /** Where in history its feed was cut; null: it hears. */
  cutAt: number | null
}
export type Fleet = Awaited<ReturnType<typeof openFleet>>

/** Instances on one database, each with a network of its own for its feed, which can be cut. */
export async function openFleet(app: TestApp, modes: ('listen' | 'poll')[]) {
  const instances = await Promise.all(
    modes.map(async (mode, index): Promise<Instance> => {
      const proxy = await openProxy(app.databaseUrl, { only: 'manas360-feed' })
      const opened = await open(proxy, mode)
      return { name: `${index} (${mode})`, proxy, ...opened, cutAt: null }
    }),
  )

  async function open(proxy: Network, authzFeed: 'listen' | 'poll') {
    const config = { ...app.config, databaseUrl: proxy.url, authzFeed }
    const deps = await openDeps(config, app.deps.log, () => Date.now() + app.clock.offsetMs)
    const instance = createApp(deps)
    const fetch: Instance['fetch'] = async (path, method, bearer, json) => {
      const type = json !== undefined && { 'Content-Type': 'application/json' }
      const init = { method, headers: { Authorization: `Bearer ${bearer}`, ...type }, body: JSON.stringify(json) }
      return instance.fetch(new Request(`http://localhost${path}`, init), {})
    }
    return { deps, fetch }
  }

  return {
    instances,
    now: () => app.deps.now(),
    advance: (seconds: number) => app.clock.advance(seconds),
    async restart(index: number): Promise<void> {
      const instance = at(instances, index)
      await instance.deps.close(1)
      Object.assign(instance, await open(instance.proxy, instance.deps.config.authzFeed))
    },
    async close(): Promise<void> {
      for (const { deps, proxy } of instances) {
        proxy.heal()
        await deps.close(1)
        proxy.close()
      }
    },
  }
}

/** Resolves when the instance has applied everything that was committed before the call. */
export async function untilCaughtUp({ deps }: { deps: OpenDeps }): Promise<void> {
  const askedAt = performance.now()
  do await deps.feed.poll()
  while (performance.now() - deps.feed.ageMs() < askedAt)
}

export type Trial = Awaited<ReturnType<typeof beginTrial>>

/** A fresh pair of people, the catalogue as it was, and what is true of them. */
export async function beginTrial(app: TestApp, fleet: Fleet, catalogue: Pick<World, 'permissionsOf' | 'featuresOf'>) {
  const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
  // What changes roles wants a recent sign-in, and time passes here for the instances, not for the database.
  const recentRoot = () => mint({ ...claimsOf(root.accessToken), auth_time: Math.floor(fleet.now() / 1000) })
  const people = await Promise.all([0, 1].map(() => givenAccount(app)))
  const passwords = people.map(() => goodPassword)
  const refreshTokens = new Map<string, string>()
  let tokens: Token[] = []
  const world: World = {
    ...structuredClone(catalogue),
    people: people.map(() => ({ role: 'user', plan: 'free', planEnds: null, overrides: {}, locked: false })),
    over: [],
  }
  const history: World[] = [structuredClone(world)]

  async function ask(index: number, method: string, path: string, bearer: string, json?: unknown): Promise<Response> {
    const instance = at(fleet.instances, index)
    // Cut for so long it would refuse what administrators do, rightly.
    if (instance.deps.feed.ageMs() > 5_000) await recover(index)
    const response = await instance.fetch(path, method, bearer, json)
    if (!response.ok) throw new Error(`${method} ${path} through ${instance.name}: ${await response.text()}`)
    return response
  }

  async function keep(who: number, answer: Response): Promise<void> {
    const { accessToken, refreshToken } = await bodyOf<SessionJson>(answer)
    const { sid: session } = JSON.parse(
      atob(accessToken.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? ''),
    )
    refreshTokens.set(session, refreshToken)
    tokens = [...tokens, { who, session, bearer: accessToken }].slice(-keptTokens)
  }

  async function recover(index: number): Promise<void> {
    const instance = at(fleet.instances, index)
    instance.cutAt = null
    instance.proxy.heal()
    await untilCaughtUp(instance)
  }

  /** A token whose session lives, by number. */
  function living(number: number): Token | undefined {
    const good = tokens.filter(({ who, session }) => !world.people[who]?.locked && !world.over.includes(session))
    return good[number % good.length]
  }

  return {
    world,
    people,
    living,
    person: (who: number) => at(world.people, who),
    sessionsOf: (who: number) => tokens.filter((token) => token.who === who).map(({ session }) => session),
    async logIn(through: number, who: number): Promise<void> {
      const { email } = at(people, who)
      await keep(who, await ask(through, 'POST', '/v1/auth/login', '', { email, password: passwords[who] }))
    },
    async refresh(through: number, { who, session }: Token): Promise<void> {
      const refreshToken = refreshTokens.get(session)
      await keep(who, await ask(through, 'POST', '/v1/auth/refresh', '', { refreshToken }))
    },
    async changePassword(through: number, { who, bearer }: Token): Promise<void> {
      const newPassword = `${goodPassword} ${Bun.randomUUIDv7()}`
      const json = { currentPassword: passwords[who], newPassword }
      await ask(through, 'POST', '/v1/auth/password/change', bearer, json)
      passwords[who] = newPassword
    },
    asPerson: (through: number, { bearer }: Token, path: string) => ask(through, 'POST', path, bearer),
    asRoot: async (through: number, method: string, path: string, json?: unknown) =>
      ask(through, method, `/v1/admin${path}`, await recentRoot(), json),
    toListedUser: async (through: number, method: string, who: number, path: string, json?: unknown) =>
      ask(through, method, `/v1/admin/users/${at(people, who).id}${path}`, await recentRoot(), json),

    /** Every token, asked of every instance, is answered by the truth as it is now; where the feed is cut, as it was since. */
    async judge(): Promise<number> {
      history.push(structuredClone(world))
      await Promise.all(fleet.instances.filter(({ cutAt }) => cutAt === null).map(untilCaughtUp))
      for (const { name, fetch, cutAt } of fleet.instances)
        for (const { who, session, bearer } of tokens) {
          const answer = await answerOf(await fetch('/v1/me/entitlements', 'GET', bearer))
          const truth = mayDo(world, who, session, fleet.now())
          if (answer === truth) continue
          const past = cutAt === null ? [] : mayHaveBeen(history, cutAt, who, session, fleet.now())
          if (![...past].includes(answer))
            expect(`instance ${name}, person ${who}: ${answer}`).toBe(`instance ${name}, person ${who}: ${truth}`)
        }
      return fleet.instances.length * tokens.length
    },
    cut(index: number): void {
      const instance = at(fleet.instances, index)
      instance.cutAt ??= history.length - 1
      instance.proxy.stall()
    },
    recover,
  }
}

async function answerOf(response: Response): Promise<string> {
  const body = await bodyOf<Parameters<typeof describeRights>[0] & { code: string }>(response)
  return response.ok ? describeRights(body) : body.code
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index]
  if (item === undefined) throw new Error(`there is no number ${index}`)
  return item
}
