import { expect, test } from 'bun:test'
import { openExamples, signedElsewhere, unsendable } from './support/examples.ts'

const { names, hasBody, bodyOfExample, prepare, send } = await openExamples()

test.each(names.filter(hasBody))('%s shows a body', (name) => {
  expect(bodyOfExample(name)).toBeObject()
})

test.each(names.filter((name) => !(name in unsendable)))('%s: its example works as it stands', async (name) => {
  const answer = await send(name, await prepare(name))
  const told = `${answer.status} ${answer.ok ? '' : await answer.text()}`
  expect(told).toMatch(name === signedElsewhere ? /^400 .*"invalid-signature"/ : /^(?:2\d\d|302) $/)
})
