import { describe, expect, test } from 'bun:test'
import { RecentChanges } from '../../src/changes/recent-changes.ts'
import { change, lifeMs, recentChangesOf, token, ttlSeconds } from '../support/authz-changes.ts'

describe('what has changed since a token was made', () => {
  test('is nothing for an account that nothing is known of', () => {
    expect(recentChangesOf([change(2)]).verify(token(1, 's1', 'another'))).toBeUndefined()
  })

  test('is the state of a higher version, and of that only', () => {
    const recentChanges = recentChangesOf([change(3)])
    expect(recentChanges.verify(token(2))).toMatchObject({ version: 3, role: 'role3' })
    expect(recentChanges.verify(token(3))).toBeUndefined()
    expect(recentChanges.verify(token(4))).toBeUndefined()
  })

  test('is the highest version, not the latest to arrive', () => {
    expect(recentChangesOf([change(3), change(2)]).verify(token(1))).toMatchObject({ role: 'role3' })
  })

  test('is the end of one session, for that one alone, whatever the version', () => {
    const recentChanges = recentChangesOf([change(2, { kind: 'session-ended', sessionId: 's1' })])
    expect(recentChanges.verify(token(9, 's1'))).toBe('session-revoked')
    expect(recentChanges.verify(token(1, 's2'))).toMatchObject({ version: 2 })
  })

  test('is the end of all sessions for tokens older than that, and not for those of a later log-in', () => {
    const recentChanges = recentChangesOf([change(5, { kind: 'sessions-ended' })])
    expect(recentChanges.verify(token(4))).toBe('session-revoked')
    expect(recentChanges.verify(token(5))).toBeUndefined()
  })

  test('spares the excepted session', () => {
    const recentChanges = recentChangesOf([change(5, { kind: 'sessions-ended', exceptSessionId: 's1' })])
    expect(recentChanges.verify(token(4, 's1'))).toMatchObject({ version: 5 })
    expect(recentChanges.verify(token(4, 's2'))).toBe('session-revoked')
  })

  test('keeps every cut-off: the exception of the newest does not undo an older one', () => {
    const recentChanges = recentChangesOf([
      change(5, { kind: 'sessions-ended', exceptSessionId: 's1' }),
      change(6, { kind: 'sessions-ended', exceptSessionId: 's2' }),
    ])
    for (const sid of ['s1', 's2', 's3']) expect(recentChanges.verify(token(4, sid))).toBe('session-revoked')
  })

  test('is not undone by a later state', () => {
    const recentChanges = recentChangesOf([change(2, { kind: 'session-ended', sessionId: 's1' }), change(3), change(4)])
    expect(recentChanges.verify(token(1, 's1'))).toBe('session-revoked')
  })

  for (const status of ['locked', 'deleted'] as const)
    test(`is that the account is ${status}, before anything else`, () => {
      const recentChanges = recentChangesOf([change(2, { status, kind: 'sessions-ended' })])
      expect(recentChanges.verify(token(1))).toBe('account-disabled')
    })

  test('after an unlock: the old sessions have ended all the same', () => {
    const recentChanges = recentChangesOf([change(2, { status: 'locked', kind: 'sessions-ended' }), change(3)])
    expect(recentChanges.verify(token(1))).toBe('session-revoked')
    expect(recentChanges.verify(token(3))).toBeUndefined()
  })

  test('is none of the catalogue: its changes belong to no account', () => {
    const recentChanges = recentChangesOf([
      change(0, { accountId: null, version: null, kind: 'catalogue', catalogueVersion: 2 }),
    ])
    expect(recentChanges.size).toBe(0)
  })
})

describe('a change that is dropped from memory', () => {
  test('is older than every valid token', () => {
    const recentChanges = new RecentChanges(ttlSeconds)
    recentChanges.apply(change(2, { kind: 'session-ended', sessionId: 's1' }), 0)
    recentChanges.apply(change(3, { kind: 'sessions-ended', accountId: 'b' }), 1)
    recentChanges.sweep(lifeMs)
    expect(recentChanges.verify(token(2, 's1'))).toBe('session-revoked')
    recentChanges.sweep(lifeMs + 1)
    expect(recentChanges.verify(token(2, 's1'))).toBeUndefined()
    expect(recentChanges.verify(token(2, 's1', 'b'))).toBe('session-revoked')
    recentChanges.sweep(lifeMs + 2)
    expect(recentChanges.size).toBe(0)
  })

  test('is dropped part by part: a recent change neither keeps old endings nor loses its own', () => {
    const recentChanges = new RecentChanges(ttlSeconds)
    recentChanges.apply(change(2, { kind: 'session-ended', sessionId: 'old' }), 0)
    recentChanges.apply(change(3, { kind: 'session-ended', sessionId: 'young' }), lifeMs)
    recentChanges.sweep(lifeMs + 1)
    expect(recentChanges.verify(token(3, 'old'))).toBeUndefined()
    expect(recentChanges.verify(token(3, 'young'))).toBe('session-revoked')
  })
})
