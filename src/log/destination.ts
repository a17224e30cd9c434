import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Where log lines go; each ends with a line feed. */
export type Destination = {
  write(line: string): void
  /** Writes what is held back. */
  flush(): void
}

const flushAtChars = 16_384
const flushEveryMs = 1_000
/** A reader that takes nothing costs this much memory at most; what comes on top is dropped, and counted. */
const backlogChars = 4_000_000
const retryMs = 10
const exitRetries = 100
const encoder = new TextEncoder()

/**
 * Collects lines and writes them to a file descriptor 16 KiB at a time, a second late at most, and at exit: a write for
 * each line costs more than making it. A terminal gets each line at once.
 */
export function openDestination(stream: number): Destination {
  const fd = withoutBlocking(stream)
  const flushAt = isatty(fd) ? 0 : flushAtChars
  let text = ''
  let rest: Uint8Array | undefined
  let dropped = 0
  let timer: Timer | undefined
  // Used again for every chunk: a new one each time would be a quarter of what writing costs, in collecting garbage.
  const chunk = new Uint8Array(4 * flushAtChars)

  function write(line: string): void {
    if (text.length > backlogChars) {
      dropped++
      return
    }
    text += line
    // While a reader is stuck, the timer alone tries again.
    if (text.length > flushAt && !rest) flush()
    else timer ??= setTimeout(flush, flushEveryMs).unref()
  }

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    while (rest || text !== '') {
      if (!rest) {
        rest = encode(text + report())
        text = ''
      }
      if (!push()) {
        timer = setTimeout(flush, retryMs).unref()
        return
      }
    }
  }

  /** False while the reader takes no more. */
  function push(): boolean {
    try {
      while (rest && rest.length > 0) rest = rest.subarray(writeSync(fd, rest))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false
      // A closed pipe or a full disk: the service goes on without its log rather than fall with it.
      dropped++
    }
    rest = undefined
    return true
  }

  /** In `chunk`, where it fits: what was there before has been written. */
  function encode(held: string): Uint8Array {
    if (held.length > chunk.length) return Buffer.from(held)
    const { read, written } = encoder.encodeInto(held, chunk)
    return read === held.length ? chunk.subarray(0, written) : Buffer.from(held)
  }

  function report(): string {
    if (dropped === 0) return ''
    const line = `{"level":"warn","time":"${new Date().toISOString()}","service":"manas360","dropped":${dropped},"msg":"log lines were dropped: nobody took them"}\n`
    dropped = 0
    return line
  }

  process.on('exit', () => {
    const pause = new Int32Array(new SharedArrayBuffer(4))
    flush()
    for (let i = 0; rest && i < exitRetries; i++) {
      Atomics.wait(pause, 0, 0, retryMs)
      flush()
    }
  })
  return { write, flush }
}

/**
 * The same pipe, opened again so that a full one says so: through the descriptor that we inherit, a reader that has
 * stopped would stop this process too. Where that cannot be had (no /proc, a socket), the inherited one must do.
 */
function withoutBlocking(stream: number): number {
  try {
    if (fstatSync(stream).isFIFO())
      return openSync(`/proc/self/fd/${stream}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    // Not here: see above.
  }
  return stream
}
