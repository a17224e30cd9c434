import type { CheckpointLine } from '../audit/checkpoints.ts'
import { recordVerdict } from '../audit/verifications.ts'
import { describeVerdict, parseCheckpoint, verifyAudit } from '../audit/verify.ts'
import { type Invocation, withDeps } from './command.ts'

/** `audit verify`: verifies the whole trail. */
export async function runAudit(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  if (args.join(' ') !== 'verify') {
    print('Usage: audit verify [--checkpoint FILE]')
    return 64
  }
  const logged = options.checkpoint === undefined ? null : await readCheckpoint(options.checkpoint)
  return withDeps(invocation, async (deps) => {
    const isWatched = process.stderr.isTTY
    const verdict = await verifyAudit(deps, logged, (rows) => {
      if (isWatched && rows % 100_000 < 5_000) process.stderr.write(`\r${rows} rows verified`)
    })
    if (isWatched) process.stderr.write('\r\x1b[K')
    print(describeVerdict(verdict))
    await recordVerdict(deps, verdict).catch((error) =>
      process.stderr.write(
        `The verdict could not be recorded in the database: ${error instanceof Error ? error.message : error}\n`,
      ),
    )
    return verdict.ok ? 0 : 1
  })
}

/** @throws Error that names the file */
async function readCheckpoint(file: string): Promise<CheckpointLine> {
  try {
    return parseCheckpoint(await Bun.file(file).json())
  } catch (error) {
    throw new Error(`--checkpoint ${file}: ${error instanceof Error ? error.message : error}`, { cause: error })
  }
}
