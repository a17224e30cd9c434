/** An answer's body; empty when it is no object. */
export type Body = Record<string, unknown>
/** What earlier steps kept, and what the story begins with, by the names that texts use with a dollar sign. */
export type Variables = Record<string, string>

/** In paths, bodies and command lines `$NAME` stands for a variable. */
export type Ask = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  /** The variable that holds the bearer's token. */
  as?: string
  body?: Body
  /** Asked again until the answer has this in it: what was set off is done beside the requests. */
  until?: string
}
/** A command of the program itself, on the instance's database. */
export type Command = { args: string[]; input?: string }

/** A look at the mails that development keeps: the token of the newest to an address that leads to a page, kept as `token`. */
export type Look = { mailTo: string; page: string; token: string }

/** A look at an authenticator app: the code that it shows for the secret in a variable, kept as `code`; now, or half minutes ahead. */
export type AppCode = { secretIn: string; stepsAhead?: number; code: string }

/** A visit to a page of the sandbox, whose address is in a variable; with `press`, that button of its form. What it says of its state is seen. */
export type Visit = { visit: string; press?: string }

/** One step of the product's story: the walkthrough tells it with curl, the smoke test checks it. */
export type Step = {
  title: string
  text: string
  run: Ask | Command | Look | AppCode | Visit
  /** Of a look nothing but that the mail is there. */
  expect?: { status: number; code?: string } | { output: RegExp }
  /** What later steps use of the answer: variable → path of members. */
  keep?: Variables
  /** What else must hold of the answer. @returns what was seen, in a few words @throws Error for what did not hold */
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

/** `text` with its variables filled in. @throws Error for one that nobody kept */
export function fill(text: string, variables: Variables): string {
  return text.replace(/\$([A-Z][A-Z0-9_]*)/g, (_, name: string) => {
    const value = variables[name]
    if (value === undefined) throw new Error(`no step kept ${name}`)
    return value
  })
}

/** What stands at a path such as `user.id` or `items.0.id`. */
export function memberOf(body: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((at, key) => (at instanceof Object ? Reflect.get(at, key) : undefined), body)
}

export function listOf(body: unknown, path: string): unknown[] {
  const found = memberOf(body, path)
  return Array.isArray(found) ? found : []
}

/** @throws Error unless it held */
export function demand(held: boolean, expected: string): asserts held {
  if (!held) throw new Error(`expected ${expected}`)
}
