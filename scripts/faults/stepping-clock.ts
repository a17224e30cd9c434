/**
 * Loaded before a server (`bun --preload`): shifts its wall clock by the milliseconds in the file of CLOCK_FILE, and
 * steps it when that changes. The monotonic clock is not changed, as on a real host.
 */
import { readFileSync } from 'node:fs'

const file = process.env.CLOCK_FILE ?? ''
const RealDate = Date
let offsetMs = 0

class SteppedDate extends RealDate {
  constructor(...values: [] | [number | string | Date]) {
    if (values.length === 0) super(RealDate.now() + offsetMs)
    else super(...(values as [number]))
  }
  static override now(): number {
    return RealDate.now() + offsetMs
  }
}

function read(): void {
  offsetMs = Number(readFileSync(file, 'utf8')) || 0
}

read()
setInterval(read, 20).unref()
globalThis.Date = new Proxy(RealDate, {
  construct: (_, values: unknown[]) => (values.length === 0 ? new SteppedDate() : Reflect.construct(RealDate, values)),
  get: (target, name) => (name === 'now' ? SteppedDate.now : Reflect.get(target, name)),
})
