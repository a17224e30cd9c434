import { expect, test } from 'bun:test'
import { createGate } from '../../src/db/admission.ts'
import { reasonOf } from '../support/open-database.ts'

const patient = { max: 2, queueLimit: 2, waitMs: 60_000 }
const impatient = { ...patient, waitMs: 1 }

test('no more than max are in at once, and they follow in the order they came', async () => {
  const gate = createGate(patient)
  await gate.acquire()
  await gate.acquire()
  const order: string[] = []
  const first = gate.acquire().then(() => order.push('first'))
  const second = gate.acquire().then(() => order.push('second'))
  expect(gate.counts()).toEqual({ inUse: 2, waiting: 2 })
  gate.release()
  await first
  expect(gate.counts()).toEqual({ inUse: 2, waiting: 1 })
  gate.release()
  await second
  expect(order).toEqual(['first', 'second'])
})

test('beyond the queue’s limit one is refused at once', async () => {
  const gate = createGate(patient)
  const admitted = Array.from({ length: 4 }, () => gate.acquire())
  expect(await reasonOf(gate.acquire())).toMatchObject({ code: 'overloaded', headers: { 'Retry-After': '1' } })
  gate.release()
  gate.release()
  await Promise.all(admitted)
})

test('who waited too long is refused and takes nobody’s turn', async () => {
  const gate = createGate(impatient)
  await gate.acquire()
  await gate.acquire()
  expect(await reasonOf(gate.acquire())).toMatchObject({ code: 'overloaded' })
  gate.release()
  gate.release()
  expect(gate.counts()).toEqual({ inUse: 0, waiting: 0 })
})

test('while shut nobody enters; who came before long is admitted when it opens', async () => {
  const gate = createGate(patient)
  gate.shut()
  const entered = gate.acquire()
  expect(gate.counts()).toEqual({ inUse: 0, waiting: 1 })
  gate.reopen()
  await entered
  expect(gate.counts()).toEqual({ inUse: 1, waiting: 0 })
})

test('shut for longer than one may wait, it refuses without a wait', async () => {
  const gate = createGate(impatient)
  gate.shut()
  expect(await reasonOf(gate.acquire())).toMatchObject({ code: 'database-unavailable' })
  const later = reasonOf(gate.acquire())
  expect(gate.counts().waiting).toBe(0)
  expect(await later).toMatchObject({ code: 'database-unavailable' })
})

test('a large pool is let in step by step, at the start and whenever it opens again', async () => {
  const gate = createGate({ ...patient, max: 50, queueLimit: 100 })
  gate.shut()
  const all = Array.from({ length: 50 }, () => gate.acquire())
  gate.reopen()
  expect(gate.counts()).toEqual({ inUse: 10, waiting: 40 })
  await Promise.all(all)
  expect(gate.counts()).toEqual({ inUse: 50, waiting: 0 })
})

test('once closed it refuses those who wait and those who come', async () => {
  const gate = createGate(patient)
  await gate.acquire()
  await gate.acquire()
  const waiting = reasonOf(gate.acquire())
  gate.close()
  expect(await waiting).toMatchObject({ code: 'database-unavailable' })
  expect(await reasonOf(gate.acquire())).toMatchObject({ code: 'database-unavailable' })
})
