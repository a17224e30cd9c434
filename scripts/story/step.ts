/** An answer's body; empty when it is no object. */
export type Body = Record<string, unknown>
/** The values that earlier steps stored, and initial ones, by the names that texts use with a dollar sign. */
export type Variables = Record<string, string>

/** A request. In paths, bodies and command lines `$NAME` stands for a variable. */
export type Ask = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  /** The variable with the bearer token. */
  as?: string
  body?: Body
  /** Repeated until the answer contains this text, for results of asynchronous work. */
  until?: string
}
/** A command of the program on the instance's database. */
export type Command = { args: string[]; input?: string }

/**
 * A look at the stored mails of development: the token of the newest one to an address with a link to a page, stored as
 * `token`.
 */
export type Look = { mailTo: string; page: string; token: string }

/** A code of an authenticator app for the secret in a variable, stored as `code`; now, or some steps of 30 s ahead. */
export type AppCode = { secretIn: string; stepsAhead?: number; code: string }

/**
 * A visit to a page of the sandbox, whose URL is in a variable; with `press`, a button of its form. Returns the state
 * that the page shows.
 */
export type Visit = { visit: string; press?: string }

/** One step of the walkthrough, which docs/walkthrough.md shows with curl and the smoke test checks. */
export type Step = {
  title: string
  text: string
  run: Ask | Command | Look | AppCode | Visit
  /** For a look only whether the mail exists. */
  expect?: { status: number; code?: string } | { output: RegExp }
  /** Values of the answer for later steps: variable → path of members. */
  keep?: Variables
  /** A further check of the answer. @returns a short description of the result @throws Error where it fails */
  check?: (answer: { body: Body; headers: Headers }, variables: Variables) => string
}

export function isLook(run: Step['run']): run is Look {
  return 'mailTo' in run
}

export function isAppCode(run: Step['run']): run is AppCode {
  return 'secretIn' in run
}

export function isVisit(run: Step['run']): run is Visit {
  return 'visit' in run
}

export function isCommand(run: Step['run']): run is Command {
  return 'args' in run
}

/** `text` with its variables filled in. @throws Error for one without a value */
export function fill(text: string, variables: Variables): string {
  return text.replace(/\$([A-Z][A-Z0-9_]*)/g, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`no step kept ${name}`)
    return value
  })
}

/** The value at a path such as `user.id` or `items.0.id`. */
export function memberOf(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at instanceof Object ? Reflect.get(at, key) : undefined), body)
}

export function listOf(body: unknown, path: string): unknown[] {
  const found = memberOf(body, path)
  return Array.isArray(found) ? found : []
}

/** @throws Error unless `held` */
export function demand(held: boolean, expected: string): asserts held {
  if (!held) throw new Error(`expected ${expected}`)
}
