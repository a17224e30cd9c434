import { z } from 'zod'
import { eraseAgain, listErasures } from '../account/erasure.ts'
import { AppError } from '../errors/app-error.ts'
import { type Invocation, withDeps } from './command.ts'

export const erasuresUsage = `Erased accounts must stay erased when the database is put back to an earlier moment:

  erasures list [--since TIME]   print the accounts that were erased, a line each: id and time; all of them unless said otherwise
  erasures replay FILE           erase again those of FILE that are there: lines that begin with an account's id

List them on the database that is given up, or regularly to where its backups are not; replay after the restore, before anybody
is let in. An erasure that is replayed twice is done once.`

const Time = z.iso.datetime({ offset: true })

/** `erasures list` and `erasures replay`. */
export async function runErasures(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const [verb, file, ...rest] = args
  const since = options.since === undefined ? '1970-01-01T00:00:00Z' : options.since
  if (verb === 'list' && args.length === 1 && Time.safeParse(since).success)
    return withDeps(invocation, async (deps) => {
      for (const { accountId, at } of await listErasures(deps, new Date(since)))
        print(`${accountId} ${at.toISOString()}`)
      return 0
    })
  if (verb !== 'replay' || file === undefined || rest.length > 0 || options.since !== undefined) {
    print(erasuresUsage)
    return 64
  }
  const ids = await readIds(file)
  return withDeps(invocation, async (deps) => {
    let erased = 0
    const refused: string[] = []
    for (const id of ids)
      try {
        if (await eraseAgain(deps, id)) erased += 1
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        refused.push(`${id}: ${error.detail ?? error.code}`)
      }
    print(
      `${ids.length} read, ${erased} erased again, ${ids.length - erased - refused.length} not there or erased already.`,
    )
    for (const line of refused) print(line)
    return refused.length === 0 ? 0 : 1
  })
}

/** @throws Error that names the first line without an id: nothing is erased then */
async function readIds(file: string): Promise<string[]> {
  const lines = (await Bun.file(file).text()).split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const id = z.uuid().safeParse(line.trim().split(/\s/)[0])
    if (!id.success)
      throw new Error(`${file}, line ${index + 1}: does not begin with the id of an account. Nothing was erased.`)
    return [id.data]
  })
}
