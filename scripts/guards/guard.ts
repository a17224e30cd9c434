/** A guard, the small change that takes it away, and the tests that must notice. */
export type Guard = {
  name: string
  file: string
  /** Stands in the file exactly once. */
  from: string
  to: string
  /** Files under tests/, without `.test.ts`. */
  tests: string[]
  /** Of those, tests whose title matches: only they are run. */
  only?: string
}
