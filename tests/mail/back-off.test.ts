import { describe, expect, test } from 'bun:test'
import { createPause, retryAfterSeconds } from '../../src/mail/back-off.ts'

describe('a mail is tried again', () => {
  const middle = () => 0.5
  test('after twice as long each time, an hour at the most; five minutes where the server is away', () => {
    const waits = (kind: 'later' | 'server') => [1, 2, 3, 8, 1_000].map((n) => retryAfterSeconds(n, kind, middle))
    expect(waits('later')).toEqual([30, 60, 120, 3_600, 3_600])
    expect(waits('server')).toEqual([15, 30, 60, 300, 300])
  })

  test('a quarter sooner or later, so that mails of one moment part', () => {
    expect(retryAfterSeconds(1, 'later', () => 0)).toBe(22.5)
    expect(retryAfterSeconds(1, 'later', () => 1)).toBe(37.5)
  })
})

describe('a pause', () => {
  test('begins with a failure, is not lengthened by those that were under way, and calls when it is over', async () => {
    const over = Promise.withResolvers<void>()
    const pause = createPause(over.resolve)
    expect(pause.isOn()).toBeFalse()
    for (let i = 0; i < 20; i++) pause.begin()
    expect(pause.isOn()).toBeTrue()
    const endsWithin = setTimeout(() => over.reject(new Error('20 failures made one long pause')), 15_000)
    await over.promise
    clearTimeout(endsWithin)
    expect(pause.isOn()).toBeFalse()
  })

  test('ends at once when something succeeds, and never calls then', () => {
    const pause = createPause(() => {
      throw new Error('it was ended')
    })
    pause.begin()
    pause.end()
    expect(pause.isOn()).toBeFalse()
  })
})
