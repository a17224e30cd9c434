import { expect } from 'bun:test'
import fc from 'fast-check'
import { hashToken } from '../../src/crypto/hash.ts'
import { AppError, problems } from '../../src/errors/app-error.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { acceptTeam } from '../../src/teams/accept.ts'
import { removeMember } from '../../src/teams/members.ts'
import { actingAs } from './administration.ts'
import type { TestApp } from './app.ts'

export type Person = { id: string; email: string }

const kinds = ['pay', 'join', 'join', 'leave', 'remove', 'lapse', 'lock', 'unlock', 'erase', 'tidy'] as const
/** Commands about teams and plans, by `people` people on three instances. */
export const teamCommands = (people: number) =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    who: fc.nat(people - 1),
    other: fc.nat(people - 1),
    plan: fc.constantFrom('pair', 'group', 'alone', 'free'),
    on: fc.nat(2),
  })
export type Command = { kind: (typeof kinds)[number]; who: number; other: number; plan: string; on: number }

/** Runs commands: refusals are answers, unexpected errors are thrown. `bearer`: an administrator's. */
export function createTeamActs(instances: TestApp[], bearer: string) {
  const administer = async (on: TestApp, { id }: Person, method: string, path: string, json?: object) => {
    const answer = await on.request(`/v1/admin/users/${id}${path}`, { method, bearer, json })
    expect(answer.status).toBeOneOf([200, 204, 404, 409, 503, 504])
  }

  /** Refusals and a busy database are answers; any other error is a bug. */
  async function tried(act: Promise<unknown>): Promise<void> {
    try {
      await act
    } catch (error) {
      if (!(error instanceof AppError) || problems[error.code].status === 500) throw error
    }
  }

  /** An owner with a plan invites a person, who accepts. */
  async function join(on: TestApp, person: Person, owner: Person): Promise<void> {
    const token = Bun.randomUUIDv7()
    const hash = hashToken(token)
    await on.sql.begin(async (tx) => {
      await tx`select 1 from teams where owner_id = ${owner.id} for no key update`
      const [account] = await tx`select 1 from user_accounts where id = ${person.id} and status <> 'deleted' for share`
      if (account)
        await tx`
        insert into team_invitations (id, team_id, email, token_hash, expires_at)
        select uuid_v7(), t.id, ${person.email}, ${hash}, clock_timestamp() + interval '1 hour' from teams t where t.owner_id = ${owner.id}
        on conflict (team_id, email) do update set token_hash = excluded.token_hash`
    })
    await tried(acceptTeam(on.deps, actingAs(person.id), token))
  }

  /** Ends a person's plan now. */
  const lapse = ({ deps }: TestApp, { id }: Person) =>
    deps.sql.begin(async (tx) => {
      await tx`select lock_teams(array[${id}::uuid])`
      await tx`
      update user_subscriptions set started_at = started_at - interval '1 day', current_period_end = clock_timestamp() - interval '1 second'
       where account_id = ${id} and ended_at is null and plan <> 'free'`
      await tx`select record_authz_change(${id})`
    })

  async function tidy({ deps }: TestApp): Promise<void> {
    for (const job of ['end-expired', 'settle-teams', 'end-surplus-seats']) await runJobNow(deps, job)
  }

  function act({ kind, who, other, plan, on }: Command, everybody: Person[]): Promise<unknown> {
    const [person, second, instance] = [everybody[who], everybody[other], instances[on]]
    if (!person || !second || !instance) throw new Error('the numbers are within their bounds')
    switch (kind) {
      case 'pay':
        return administer(instance, person, 'PUT', '/subscription', { plan, reason: 'test' })
      case 'join':
        return join(instance, person, second)
      case 'leave':
        return tried(removeMember(instance.deps, actingAs(person.id), person.id))
      case 'remove':
        return tried(removeMember(instance.deps, actingAs(second.id), person.id))
      case 'lapse':
        return tried(lapse(instance, person))
      case 'lock':
        return administer(instance, person, 'POST', '/lock', { reason: 'test' })
      case 'unlock':
        return administer(instance, person, 'POST', '/unlock')
      case 'erase':
        return administer(instance, person, 'DELETE', '')
      case 'tidy':
        return tried(tidy(instance))
      default: {
        const missing: never = kind
        throw new Error(`no act for ${missing}`)
      }
    }
  }

  return { act, administer }
}
