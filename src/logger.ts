import pino from 'pino'
export type Logger = pino.Logger
export function createLogger({ level, destination }: { level: string; destination?: { write(line: string): void } }): Logger {
  return destination ? pino({ level }, destination) : pino({ level })
}
