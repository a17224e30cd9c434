import { describe, expect, test } from 'bun:test'
import { Overlay } from '../../src/changes/recent-changes.ts'
import { change, lifeMs, overlayOf, token, ttlSeconds } from '../support/authz-changes.ts'

describe('what has changed since a token was made', () => {
  test('is nothing for an account that nothing is known of', () => {
    expect(overlayOf([change(2)]).judge(token(1, 's1', 'another'))).toBeUndefined()
  })

  test('is the state of a higher version, and of that only', () => {
    const overlay = overlayOf([change(3)])
    expect(overlay.judge(token(2))).toMatchObject({ version: 3, role: 'role3' })
    expect(overlay.judge(token(3))).toBeUndefined()
    expect(overlay.judge(token(4))).toBeUndefined()
  })

  test('is the highest version, not the latest to arrive', () => {
    expect(overlayOf([change(3), change(2)]).judge(token(1))).toMatchObject({ role: 'role3' })
  })

  test('is the end of one session, for that one alone, whatever the version', () => {
    const overlay = overlayOf([change(2, { kind: 'session-ended', sessionId: 's1' })])
    expect(overlay.judge(token(9, 's1'))).toBe('session-revoked')
    expect(overlay.judge(token(1, 's2'))).toMatchObject({ version: 2 })
  })

  test('is the end of all sessions for tokens older than that, and not for those of a later log-in', () => {
    const overlay = overlayOf([change(5, { kind: 'sessions-ended' })])
    expect(overlay.judge(token(4))).toBe('session-revoked')
    expect(overlay.judge(token(5))).toBeUndefined()
  })

  test('spares the excepted session', () => {
    const overlay = overlayOf([change(5, { kind: 'sessions-ended', exceptSessionId: 's1' })])
    expect(overlay.judge(token(4, 's1'))).toMatchObject({ version: 5 })
    expect(overlay.judge(token(4, 's2'))).toBe('session-revoked')
  })

  test('keeps every cut-off: the exception of the newest does not undo an older one', () => {
    const overlay = overlayOf([
      change(5, { kind: 'sessions-ended', exceptSessionId: 's1' }),
      change(6, { kind: 'sessions-ended', exceptSessionId: 's2' }),
    ])
    for (const sid of ['s1', 's2', 's3']) expect(overlay.judge(token(4, sid))).toBe('session-revoked')
  })

  test('is not undone by a later state', () => {
    const overlay = overlayOf([change(2, { kind: 'session-ended', sessionId: 's1' }), change(3), change(4)])
    expect(overlay.judge(token(1, 's1'))).toBe('session-revoked')
  })

  for (const status of ['locked', 'deleted'] as const)
    test(`is that the account is ${status}, before anything else`, () => {
      const overlay = overlayOf([change(2, { status, kind: 'sessions-ended' })])
      expect(overlay.judge(token(1))).toBe('account-disabled')
    })

  test('after an unlock: the old sessions have ended all the same', () => {
    const overlay = overlayOf([change(2, { status: 'locked', kind: 'sessions-ended' }), change(3)])
    expect(overlay.judge(token(1))).toBe('session-revoked')
    expect(overlay.judge(token(3))).toBeUndefined()
  })

  test('is none of the catalogue: its changes belong to no account', () => {
    const overlay = overlayOf([change(0, { accountId: null, version: null, kind: 'catalogue', catalogueVersion: 2 })])
    expect(overlay.size).toBe(0)
  })
})

describe('what is forgotten', () => {
  test('is what no living token can predate, and nothing younger', () => {
    const overlay = new Overlay(ttlSeconds)
    overlay.apply(change(2, { kind: 'session-ended', sessionId: 's1' }), 0)
    overlay.apply(change(3, { kind: 'sessions-ended', accountId: 'b' }), 1)
    overlay.sweep(lifeMs)
    expect(overlay.judge(token(2, 's1'))).toBe('session-revoked')
    overlay.sweep(lifeMs + 1)
    expect(overlay.judge(token(2, 's1'))).toBeUndefined()
    expect(overlay.judge(token(2, 's1', 'b'))).toBe('session-revoked')
    overlay.sweep(lifeMs + 2)
    expect(overlay.size).toBe(0)
  })

  test('is forgotten part by part: a young change does not keep old endings, nor lose its own', () => {
    const overlay = new Overlay(ttlSeconds)
    overlay.apply(change(2, { kind: 'session-ended', sessionId: 'old' }), 0)
    overlay.apply(change(3, { kind: 'session-ended', sessionId: 'young' }), lifeMs)
    overlay.sweep(lifeMs + 1)
    expect(overlay.judge(token(3, 'old'))).toBeUndefined()
    expect(overlay.judge(token(3, 'young'))).toBe('session-revoked')
  })
})
