/** Of a span: names and values that this program chose, never what a person sent. */
export type Attributes = Record<string, string | number | boolean>

/** A span under way. */
export type Span = { set(attributes: Attributes): void }

export type SpanOptions = {
  /** `client`: a call to another system. */
  kind?: 'internal' | 'client'
  attributes?: Attributes
}

/** What the answer to a request tells of its span. */
export type Answered = {
  method: string
  /** The pattern of the route; empty when none matched. */
  route: string
  status: number
  requestId: string
  /** The code of the problem that was answered. */
  code: string | null
}

export type Tracer = {
  /** Runs `work` in a span within the current one; where none is recorded it only runs. */
  inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>
  /** Runs `work` as a trace of its own, whatever called it. */
  inTrace<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>
  /** Runs a request, within the trace that its headers name (W3C Trace Context), else in one of its own. */
  serve<T>(request: Request, work: () => T): T
  /** Tells what the current request's span was. */
  describeRequest(answered: Answered): void
  /** A span within the current one that has ended, and began at that time of `performance.now()`. */
  record(name: string, startedAt: number): void
  /** The headers by which another system goes on with the current trace; none outside of one. */
  headers(): Record<string, string>
  /** The ids of the current span as members of a JSON object, each with a comma behind; empty outside of one. */
  logMembers(): string
  figures(): TraceFigures
  /** Sends what waits, within some milliseconds. */
  close(milliseconds: number): Promise<void>
}

/** Spans since the start, by what became of them, and those that wait. */
export type TraceFigures = { exported: number; failed: number; dropped: number; waiting: number }

/**
 * The tracer of this process, null unless one is configured. There is one for all, as the log has one standard output: a span's
 * parent is found by the asynchronous call that is under way, and that is the process's own.
 */
let current: Tracer | null = null

/** Puts a tracer in the place of the one before. */
export function installTracer(tracer: Tracer | null): void {
  current = tracer
}

/** The installed tracer; null where no collector is configured. */
export function currentTracer(): Tracer | null {
  return current
}

/** `Tracer.inSpan` where there is a tracer; else it only runs. */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  return current ? current.inSpan(name, options, work) : work(noopSpan)
}

/** `Tracer.inTrace` where there is a tracer; else it only runs. */
export function inTrace<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return current ? current.inTrace(name, attributes, work) : work()
}

/** `Tracer.logMembers` where there is a tracer. */
export function traceMembers(): string {
  return current ? current.logMembers() : ''
}

export const noopSpan: Span = { set() {} }
