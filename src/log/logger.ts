import { type Destination, openDestination } from './destination.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof levels)[number]
type Label = Exclude<LogLevel, 'silent'>

/** A message is always given: an error's own may quote people's data. */
type Log = {
  (message: string): void
  (members: Record<string, unknown>, message: string): void
}

/** One JSON object per line. Errors go under `err`; secrets and personal data are taken out by their key, at any depth. */
export type Logger = Record<Label, Log> & {
  isLevelEnabled(level: LogLevel): boolean
  /** Writes a line whose further members are JSON text already, e.g. `"status":200`; nothing in it is redacted. */
  writeMembers(level: 'debug' | 'info' | 'error', members: string): void
  /** An info line that no level but `silent` keeps back: evidence that must leave this host. */
  attest(members: Record<string, unknown>, message: string): void
  /** Writes what is held back; from warn on nothing is. */
  flush(): void
}

type Options = {
  level: LogLevel
  /** Default: standard output, in chunks. */
  destination?: { write(line: string): void; flush?: () => void }
}

const service = 'manas360'
const censor = '[Redacted]'
const secretKey = /(?:authorization|cookie|password|secret|token|key|email|phone(?:number)?)$/i
const maxDepth = 6
/** JSON leaves these as they are, but a terminal obeys some (C1) and some viewers break lines at others. */
const unescaped = /[\u007f-\u009f\u2028\u2029]/g

/** For commands, whose standard output is what was asked for. */
export const standardError = { write: (line: string) => void process.stderr.write(line) }

let stdout: Destination | undefined

/** One for the process: two would mix their chunks. */
function standardOutput(): { write(line: string): void; flush?: () => void } {
  stdout ??= openDestination(1)
  return stdout
}

/** Makes a logger. `silent` writes nothing. */
export function createLogger({ level, destination }: Options): Logger {
  const target = destination ?? standardOutput()
  const flush = () => target.flush?.()
  const isLevelEnabled = (asked: LogLevel): boolean => levels.indexOf(asked) >= levels.indexOf(level)

  function writer(label: Label): Log {
    if (!isLevelEnabled(label)) return () => {}
    return (...line: [string] | [Record<string, unknown>, string]) => {
      const [members, message] = line.length === 1 ? [{}, line[0]] : line
      target.write(lineOf(label, members, message))
      // What matters must survive a kill a moment later.
      if (levels.indexOf(label) >= levels.indexOf('warn')) flush()
    }
  }

  return {
    trace: writer('trace'),
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    fatal: writer('fatal'),
    isLevelEnabled,
    attest(members, message) {
      if (level === 'silent') return
      target.write(lineOf('info', members, message))
      flush()
    },
    flush,
    writeMembers(label, members) {
      target.write(`${beginningOf(label)}${members}}\n`)
      if (label === 'error') flush()
    },
  }
}

function lineOf(label: Label, members: Record<string, unknown>, message: string): string {
  const shown = toJson(members).slice(1, -1)
  return escapeControls(`${beginningOf(label)}${shown}${shown && ','}"msg":${JSON.stringify(message)}}\n`)
}

/** Without secrets. A line that cannot be written whole says so: a lost one would tell nobody anything. */
function toJson(members: Record<string, unknown>): string {
  try {
    return JSON.stringify(redactMembers(members, 0), (_, member) =>
      typeof member === 'bigint' ? String(member) : member,
    )
  } catch (error) {
    return JSON.stringify({ unwritable: error instanceof Error ? error.message : String(error) })
  }
}

let beginning = { label: '', time: '', text: '' }

/** What lines of one level begin with in one millisecond, joined to one piece. */
function beginningOf(label: LogLevel): string {
  const time = isoTime()
  if (beginning.label !== label || beginning.time !== time)
    beginning = {
      label,
      time,
      text: ['{"level":"', label, '","time":"', time, '","service":"', service, '",'].join(''),
    }
  return beginning.text
}

let stampedAt = 0
let stamp = ''

/** The time of a log line is this host's; text is made once a millisecond. */
function isoTime(): string {
  const now = Date.now()
  if (now !== stampedAt) {
    stampedAt = now
    stamp = new Date(now).toISOString()
  }
  return stamp
}

function escapeControls(line: string): string {
  return line.replace(unescaped, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function redactMembers(object: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, secretKey.test(key) ? censor : redact(value, depth + 1)]),
  )
}

function redact(value: unknown, depth: number): unknown {
  if (value instanceof Error) return describeError(value)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (depth > maxDepth) return '[Too deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return redactMembers({ ...value }, depth)
}

/** What an operator needs of an error. The rest of a database error (detail, query, parameters) quotes people's data. */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { name, cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const constraint = 'constraint_name' in error ? error.constraint_name : undefined
  const message = withoutValues(code, error.message)
  return {
    type: name,
    message,
    code,
    constraint,
    stack: error.stack?.replace(error.message, () => message),
    errors: error instanceof AggregateError ? error.errors.map((item) => describeError(item, depth + 1)) : undefined,
    cause:
      cause === undefined || depth >= 4
        ? undefined
        : cause instanceof Error
          ? describeError(cause, depth + 1)
          : redact(cause, 1),
  }
}

/** SQLSTATE class 22, data exceptions: `invalid input syntax for type uuid: "…"` repeats the parameter. */
function withoutValues(code: string | undefined, message: string): string {
  return code && /^22[0-9A-Z]{3}$/.test(code) ? message.replace(/"[\s\S]*"/, `"${censor}"`) : message
}
