import { traceMembers } from '../tracing/tracer.ts'
import { type Destination, openDestination } from './destination.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof levels)[number]
type Label = Exclude<LogLevel, 'silent'>

/** A message is required: that of an error may quote personal data. */
type Log = {
  (message: string): void
  (members: Record<string, unknown>, message: string): void
}

/**
 * Writes one JSON object per line. Errors go under `err`; values under secret or personal keys are redacted at any depth.
 */
export type Logger = Record<Label, Log> & {
  isLevelEnabled(level: LogLevel): boolean
  /** Writes a line of members that are JSON text already, such as `"status":200`. Nothing is redacted. */
  writeMembers(level: 'debug' | 'info' | 'error', members: string): void
  /** Writes an info line at every level but `silent`: evidence that must be copied off this host. */
  logAlways(members: Record<string, unknown>, message: string): void
  /** Writes buffered lines. From `warn` on, lines are not buffered. */
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
/** JSON does not escape these, but terminals interpret some (C1) and viewers break lines at others. */
const unescaped = /[\u007f-\u009f\u2028\u2029]/g

/** For commands, whose standard output has their result. */
export const standardError = { write: (line: string) => void process.stderr.write(line) }

let stdout: Destination | undefined

/** Shared by all loggers of the process: two buffers would mix their chunks. */
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
      // Written at once, so that it is not lost if the process is killed.
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
    logAlways(members, message) {
      if (level === 'silent') return
      target.write(lineOf('info', members, message))
      flush()
    },
    flush,
    writeMembers(label, members) {
      target.write(`${beginningOf(label)}${traceMembers()}${members}}\n`)
      if (label === 'error') flush()
    },
  }
}

function lineOf(label: Label, members: Record<string, unknown>, message: string): string {
  const shown = toJson(members).slice(1, -1)
  return escapeControls(
    `${beginningOf(label)}${traceMembers()}${shown}${shown && ','}"msg":${JSON.stringify(message)}}\n`,
  )
}

/** Redacted JSON. What cannot be serialised becomes the member `unwritable`, so that no line is lost. */
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

/** The start of a line, cached for one level and millisecond. */
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

/** This host's time as ISO text, cached for a millisecond. */
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

/**
 * The loggable members of an error. Those left out of database errors (detail, query, parameters) quote personal data.
 */
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
