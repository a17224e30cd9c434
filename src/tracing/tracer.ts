/** Attributes of a span: names and values of this program, never input of a person. */
export type Attributes = Record<string, string | number | boolean>

/** A span in progress. */
export type Span = { set(attributes: Attributes): void }

export type SpanOptions = {
  /** `client`: a call to another system. */
  kind?: 'internal' | 'client'
  attributes?: Attributes
}

/** The values of an answer for the span of its request. */
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
  /** Runs `work` in a span within the current one; without a current span it only runs. */
  inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T>
  /** Runs `work` in a trace of its own. */
  inTrace<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T>
  /** Runs a request within the trace of its headers (W3C Trace Context), else in a trace of its own. */
  serve<T>(request: Request, work: () => T): T
  /** Sets name and attributes of the current request's span. */
  describeRequest(answered: Answered): void
  /** Records a span within the current one that ended now and began at `startedAt` (`performance.now()`). */
  record(name: string, startedAt: number): void
  /** The headers by which another system continues the current trace; none outside of one. */
  headers(): Record<string, string>
  /** The ids of the current span as members of a JSON object, each with a comma behind; empty outside of one. */
  logMembers(): string
  figures(): TraceFigures
  /** Sends the waiting spans, within so many milliseconds. */
  close(milliseconds: number): Promise<void>
}

/** The number of spans since the start by outcome, and of waiting ones. */
export type TraceFigures = { exported: number; failed: number; dropped: number; waiting: number }

/**
 * The tracer of this process; null unless one is configured. There is one for all, like standard output: the parent of
 * a span is found by the asynchronous context, which is the process's own.
 */
let current: Tracer | null = null

/** Installs a tracer in place of the one before. */
export function installTracer(tracer: Tracer | null): void {
  current = tracer
}

/** The installed tracer; null where no collector is configured. */
export function currentTracer(): Tracer | null {
  return current
}

/** `Tracer.inSpan` where there is a tracer; otherwise it only runs `work`. */
export function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  return current ? current.inSpan(name, options, work) : work(noopSpan)
}

/** `Tracer.inTrace` where there is a tracer; otherwise it only runs `work`. */
export function inTrace<T>(name: string, attributes: Attributes, work: () => Promise<T>): Promise<T> {
  return current ? current.inTrace(name, attributes, work) : work()
}

/** `Tracer.logMembers` where there is a tracer; otherwise empty. */
export function traceMembers(): string {
  return current ? current.logMembers() : ''
}

export const noopSpan: Span = { set() {} }
