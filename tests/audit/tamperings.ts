import type { Tx } from '../../src/db/types.ts'
import { checkpointEdits, personalEdits, rowEdits } from './edits.ts'
import type { Random } from './random.ts'
import type { Trail } from './trail.ts'

/** Does harm, and says what must stand in the verdict. */
export type Tampering = (tx: Tx, trail: Trail, random: Random) => Promise<string>

const columns =
  'at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac'

function editRow(table: 'audit_logs' | 'audit_archive', pick: (trail: Trail) => string[], edit: string): Tampering {
  return async (tx, trail, random) => {
    const id = random(pick(trail))
    await tx.unsafe(`update ${table} set ${edit} where id = $1`, [id])
    return `row ${id} was`
  }
}

function editCheckpoint(edit: string): Tampering {
  return async (tx, { checkpoints }, random) => {
    const { id } = random(checkpoints)
    await tx.unsafe(`update audit_checkpoints set ${edit} where id = $1`, [id])
    return `checkpoint ${id} was`
  }
}

async function withSide(tx: Tx, random: Random, side = 'audit_personal'): Promise<string> {
  return random(await tx<{ id: string }[]>`select audit_id as id from ${tx(side)} order by 1`).id
}

async function copyRow(tx: Tx, from: string, to: string): Promise<string> {
  const [copy] = await tx.unsafe<{ id: string }[]>(
    `insert into ${to} (id, ${columns}) select gen_random_uuid(), ${columns} from ${to} where id = $1 returning id`,
    [from],
  )
  return copy?.id ?? ''
}

async function deleteRows(tx: Tx, ids: string[]): Promise<void> {
  for (const [table, column] of [
    ['audit_personal', 'audit_id'],
    ['audit_subjects', 'audit_id'],
    ['audit_queue', 'audit_id'],
    ['audit_logs', 'id'],
    ['audit_archive', 'id'],
  ])
    await tx.unsafe(`delete from ${table} where ${column} = any($1::uuid[])`, [ids])
}

const others: Record<string, Tampering> = {
  async 'a sealed row is deleted'(tx, { sealed, archived }, random) {
    const id = random([...sealed, ...archived])
    await deleteRows(tx, [id])
    return `row ${id} was deleted`
  },
  async 'a row gets another id'(tx, { sealed }, random) {
    const id = random(sealed)
    await tx`update audit_logs set id = gen_random_uuid() where id = ${id}`
    return `row ${id} was deleted`
  },
  async 'a copy is added'(tx, { sealed, archived }, random) {
    const id = random([true, false])
      ? await copyRow(tx, random(sealed), 'audit_logs')
      : await copyRow(tx, random(archived), 'audit_archive')
    return `row ${id} was added`
  },
  async 'a copy is added, to be sealed with the rest'(tx, { sealed }, random) {
    const id = await copyRow(tx, random(sealed), 'audit_logs')
    await tx`insert into audit_queue (audit_id) values (${id})`
    return `row ${id} was edited`
  },
  async 'a copy takes the place of a row that waits'(tx, { sealed, waiting }, random) {
    const id = await copyRow(tx, random(sealed), 'audit_logs')
    await tx`delete from audit_logs where id = ${random(waiting)}`
    return `was `.concat(id ? '' : 'not made')
  },
  async 'a live row is in the archive as well'(tx, { sealed }, random) {
    const id = random(sealed)
    await tx.unsafe(`insert into audit_archive (id, ${columns}) select id, ${columns} from audit_logs where id = $1`, [
      id,
    ])
    return `row ${id} is there 2 times`
  },
  async 'two rows change places'(tx, { sealed }, random) {
    const [a, b] = await two(sealed, random)
    await tx.unsafe(
      `update audit_logs l set (${columns}) = (select ${columns} from audit_logs o where o.id = case l.id when $1::uuid then $2::uuid else $1::uuid end)
        where l.id in ($1::uuid, $2::uuid)`,
      [a, b],
    )
    return ' was edited'
  },
  async 'two rows change their MACs'(tx, { sealed }, random) {
    const [a, b] = await two(sealed, random)
    await tx`
      update audit_logs l set mac = (select mac from audit_logs o where o.id = case l.id when ${a}::uuid then ${b}::uuid else ${a}::uuid end)
       where l.id in (${a}::uuid, ${b}::uuid)`
    return ' was edited'
  },
  async 'a checkpoint is deleted'(tx, { checkpoints }, random) {
    const { id } = random(checkpoints)
    await tx`delete from audit_checkpoints where id = ${id}`
    return id === checkpoints.length ? 'its tail was cut' : 'one between them is missing'
  },
  async 'every checkpoint is deleted'(tx) {
    await tx`delete from audit_checkpoints`
    return 'the trail ends at checkpoint 0'
  },
  async 'two checkpoints change places'(tx, { checkpoints }, random) {
    const [a, b] = await two(
      checkpoints.map(({ id }) => id),
      random,
    )
    await tx`update audit_checkpoints set id = -id where id in (${a}, ${b})`
    await tx`update audit_checkpoints set id = case id when ${-a} then ${b}::int else ${a}::int end where id < 0`
    return `checkpoint ${Math.min(a, b)} was edited`
  },
  async 'the tail is cut, rows, checkpoints and all'(tx, { checkpoints, waiting }, random) {
    const { id } = random(checkpoints)
    const cut = await tx<{ id: string }[]>`select unnest(audit_ids) as id from audit_checkpoints where id >= ${id}`
    await deleteRows(tx, [...cut.map((row) => row.id), ...waiting])
    await tx`delete from audit_checkpoints where id >= ${id}`
    return `the trail ends at checkpoint ${id - 1}, but`
  },
  async 'the tail is cut and written anew under another key'(tx, { checkpoints }) {
    await tx`update audit_checkpoints set mac = sha256(mac) where id = ${checkpoints.length}`
    return `checkpoint ${checkpoints.length} was edited`
  },
  async 'personal data are put at another row'(tx, _trail, random) {
    const id = await withSide(tx, random)
    await tx`
      update audit_personal set audit_id = (select id from audit_logs l where not exists (select from audit_personal p where p.audit_id = l.id) order by id limit 1)
       where audit_id = ${id}`
    return 'the personal data of row'
  },
  async 'personal data are put at no row'(tx, _trail, random) {
    await tx`update audit_personal set audit_id = gen_random_uuid() where audit_id = ${await withSide(tx, random)}`
    return 'but the row is not'
  },
  async 'erased personal data are invented'(tx) {
    const [row] = await tx<{ id: string }[]>`
      insert into audit_personal (audit_id, salt, data)
      select id, '\\x00', '{}' from audit_logs l where not exists (select from audit_personal p where p.audit_id = l.id) order by id limit 1 returning audit_id as id`
    return `the personal data of row ${row?.id} were edited`
  },
  async 'what was changed is invented where nothing was'(tx, { sealed }, random) {
    const id = random(sealed)
    await tx`update audit_logs set subject_hash = null where id = ${id}`
    await tx`delete from audit_subjects where audit_id = ${id}`
    return `row ${id} was edited`
  },
  async 'what was changed is put at no row'(tx, _trail, random) {
    const id = await withSide(tx, random, 'audit_subjects')
    await tx`update audit_subjects set audit_id = gen_random_uuid() where audit_id = ${id}`
    return 'but the row is not'
  },
  async 'a row that waits to be sealed is made to wait no more'(tx, { waiting }, random) {
    const id = random(waiting)
    await tx`delete from audit_queue where audit_id = ${id}`
    return `row ${id} was added`
  },
  async 'a sealed row is made to wait again'(tx, { sealed }, random) {
    const id = random(sealed)
    await tx`insert into audit_queue (audit_id) values (${id})`
    return `row ${id} is covered 2 times`
  },
  async 'a row that waits is deleted, but not what waits for it'(tx, { waiting }, random) {
    const id = random(waiting)
    await tx`delete from audit_logs where id = ${id}`
    return `row ${id} was deleted`
  },
}

/** Ways to tamper with a trail, by their names. */
export const tamperings: Record<string, Tampering> = {
  ...Object.fromEntries(
    rowEdits.flatMap((edit) => [
      [`sealed row: ${edit}`, editRow('audit_logs', ({ sealed }) => sealed, edit)],
      [`archived row: ${edit}`, editRow('audit_archive', ({ archived }) => archived, edit)],
      [`waiting row: ${edit}`, editRow('audit_logs', ({ waiting }) => waiting, edit)],
    ]),
  ),
  ...Object.fromEntries(checkpointEdits.map((edit) => [`checkpoint: ${edit}`, editCheckpoint(edit)])),
  ...Object.fromEntries(
    ['audit_personal', 'audit_subjects'].flatMap((side) =>
      personalEdits.map((edit) => [
        `side row in ${side}: ${edit}`,
        async (tx: Tx, _trail: Trail, random: Random) => {
          const id = await withSide(tx, random, side)
          await tx.unsafe(`update ${side} set ${edit} where audit_id = $1`, [id])
          return `the personal data of row ${id} were edited`
        },
      ]),
    ),
  ),
  ...others,
}

async function two<T>(choices: readonly T[], random: Random): Promise<[T, T]> {
  const first = random(choices)
  return [first, random(choices.filter((choice) => choice !== first))]
}
