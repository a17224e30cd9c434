import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * Parses a command's options. With `--help` or `-h` prints `usage` and exits with 0; with an unknown option prints that
 * and `usage`, and exits with 64 (EX_USAGE of sysexits.h).
 */
export function readOptions<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  if (process.argv.slice(2).some((word) => word === '--help' || word === '-h')) {
    process.stdout.write(`${usage}\n`)
    process.exit()
  }
  try {
    return parseArgs(config)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}\n`)
    process.exit(64)
  }
}
