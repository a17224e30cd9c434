import { expect, test } from 'bun:test'
import { z } from 'zod'
import { joinConfigurations } from '../../src/config/join.ts'
import { configuration } from '../../src/config/room.ts'

test('a variable belongs to one room', () => {
  const room = configuration({ variables: { DIARY_DAYS: z.string() }, config: (e) => ({ days: e.DIARY_DAYS }) })
  expect(() => joinConfigurations([room, { ...room }], {})).toThrow('same name')
})
