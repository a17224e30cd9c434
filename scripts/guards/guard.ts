/** A guard, the small change that removes it, and the tests that must fail then. */
export type Guard = {
  name: string
  file: string
  /** Occurs in the file exactly once. */
  from: string
  to: string
  /** Files under tests/, without `.test.ts`. */
  tests: string[]
  /** Runs only tests whose title matches. */
  only?: string
}
