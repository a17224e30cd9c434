import { z } from 'zod'
import { eraseAgain, findUnerased, listErasures } from '../account/erasure.ts'
import { AppError } from '../errors/app-error.ts'
import { type Invocation, withDeps } from './command.ts'

export const erasuresUsage = `Erased accounts must stay erased when the database is put back to an earlier moment:

  erasures list [--since TIME]        print the accounts that were erased, a line each: id and time; all of them unless said otherwise
  erasures replay FILE [--dry-run]    erase again those of FILE (- for standard input) that are there: lines that begin with an
                                      account's id; --dry-run says how many that are, and erases none

List them on the database that is given up, or regularly to where its backups are not; replay after the restore, before anybody
is let in. An erasure that is replayed twice is done once.`

const Time = z.union([z.iso.datetime({ offset: true }), z.iso.date()])
/** How many ids are looked up at once. */
const together = 1_000

/** `erasures list` and `erasures replay`. */
export async function runErasures(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const [verb, file, ...rest] = args
  if (verb === 'list' && args.length === 1 && !options['dry-run']) return list(invocation)
  if (verb !== 'replay' || file === undefined || rest.length > 0 || options.since !== undefined) {
    print(erasuresUsage)
    return 64
  }
  const ids = await readIds(file)
  return withDeps(invocation, async (deps) => {
    const refused: string[] = []
    let erased = 0
    for (let from = 0; from < ids.length; from += together)
      for (const id of await findUnerased(deps, ids.slice(from, from + together)))
        try {
          if (options['dry-run'] || (await eraseAgain(deps, id))) erased += 1
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          refused.push(`${id}: ${error.detail ?? error.code}`)
        }
    const done = options['dry-run'] ? 'would be erased' : 'erased again'
    print(`${ids.length} read, ${erased} ${done}, ${ids.length - erased - refused.length} not there or erased already.`)
    for (const line of refused) print(line)
    return refused.length === 0 ? 0 : 1
  })
}

async function list(invocation: Invocation): Promise<number> {
  const { options, print } = invocation
  const { since = '1970-01-01' } = options
  if (!Time.safeParse(since).success) {
    print(
      `--since ${since}: must be a time such as 2026-11-29T09:30:00Z, or a day such as 2026-11-29\n\n${erasuresUsage}`,
    )
    return 64
  }
  return withDeps(invocation, async (deps) => {
    for (const { accountId, at } of await listErasures(deps, new Date(since))) print(`${accountId} ${at.toISOString()}`)
    return 0
  })
}

/** @throws Error that names the first line without an id: nothing is erased then */
async function readIds(file: string): Promise<string[]> {
  const lines = (await (file === '-' ? Bun.stdin : Bun.file(file)).text()).split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const id = z.uuid().safeParse(line.trim().split(/\s/)[0])
    if (!id.success)
      throw new Error(`${file}, line ${index + 1}: does not begin with the id of an account. Nothing was erased.`)
    return [id.data]
  })
}
