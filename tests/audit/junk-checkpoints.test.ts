import { beforeEach, describe, expect, test } from 'bun:test'
import { verifyAudit } from '../../src/audit/verify.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { clearTrail, seal, writeRows } from './trail.ts'

const app = await openTestApp()
beforeEach(() => clearTrail(app))

const bytes = (text: string) => `sha256('${text}')`
/** What the server's role may do, for it may insert: a checkpoint that no key signed. `values` are SQL, by column. */
async function putJunk({ sql }: TestApp, id: string | number, values: Record<string, string> = {}): Promise<void> {
  const columns: Record<string, string> = {
    sealed_at: 'clock_timestamp()',
    row_count: '1',
    audit_ids: 'array[gen_random_uuid()]',
    digest: bytes('digest'),
    previous_mac: bytes('previous'),
    key_id: "'deadbeef'",
    mac: bytes('mac'),
    ...values,
  }
  await sql.unsafe(
    `insert into audit_checkpoints (id, ${Object.keys(columns)}) values (${id}, ${Object.values(columns)})`,
  )
}

async function writeAndSeal(app: TestApp, times: number) {
  const lines = []
  for (let i = 0; i < times; i++) {
    await writeRows(app, 5)
    lines.push(...(await seal(app)))
  }
  return lines
}

async function faultOf(app: TestApp, logged: Parameters<typeof verifyAudit>[1] = null): Promise<string> {
  const verdict = await verifyAudit(app.deps, logged)
  return verdict.ok ? '' : verdict.fault
}

const added = (...ids: (string | number)[]) =>
  ids.map((id) => `checkpoint ${id} was added: nobody signed it, and the next one passes it over`).join('; ')
const last = '9223372036854775807'

/** Each of these stands for a kind of junk; none may become a link. */
const kinds: [string, (app: TestApp) => Record<string, string>][] = [
  ['of an unknown key', () => ({})],
  ['of our key', ({ deps }) => ({ key_id: `'${deps.audit.keyId}'` })],
  [
    'copied from a real one',
    () =>
      Object.fromEntries(
        ['sealed_at', 'row_count', 'audit_ids', 'digest', 'previous_mac', 'key_id', 'mac'].map((column) => [
          column,
          `(select ${column} from audit_checkpoints order by id limit 1)`,
        ]),
      ),
  ],
  ['that names no row', () => ({ audit_ids: "'{}'" })],
  [
    'that names very many rows',
    () => ({ audit_ids: 'array(select gen_random_uuid() from generate_series(1, 20000))' }),
  ],
  ['with rows of two dimensions, and none', () => ({ audit_ids: "'{{null,null},{null,null}}'" })],
  [
    'with a long key id and a long MAC before it',
    () => ({ key_id: "repeat('x', 1000000)", previous_mac: "convert_to(repeat('x', 1000000), 'UTF8')" }),
  ],
  ['sealed at no time', () => ({ sealed_at: "'-infinity'" })],
]

describe.each(kinds)('a checkpoint %s', (_, junkOf) => {
  test.each([
    ['before the first', [-1, 0]],
    ['at the next number', [4]],
    ['at the next three', [4, 5, 6]],
    ['at numbers to come', [5, 7]],
    ['at the last number there is', [last]],
    ['everywhere', [-7, 4, 6, 9, '9007199254740993', last]],
  ])('%s is named, and the trail goes on', async (__, ids) => {
    await writeAndSeal(app, 3)
    for (const id of ids) await putJunk(app, id, junkOf(app))
    const lines = await writeAndSeal(app, 3)
    expect(lines).toHaveLength(3)
    const fault = await faultOf(app)
    for (const id of ids) expect(fault).toContain(`checkpoint ${id} was `)
    expect(fault.split('; ')).toHaveLength(ids.length)
    // The log's own line still finds its checkpoint, and what is tampered with next is found too.
    expect((await faultOf(app, lines.at(-1) ?? null)).split('; ')).toHaveLength(ids.length)
    await app.sql`alter table audit_logs disable trigger user`
    const [row] = await app.sql<{ id: string }[]>`
      update audit_logs set action = 'account.lock' where id = (select max(id::text)::uuid from audit_logs) returning id`
    expect(await faultOf(app)).toContain(`row ${row?.id} was edited`)
  })
})

test('between two of ours it is called added; at the end nothing tells whether it was edited', async () => {
  await writeAndSeal(app, 2)
  await putJunk(app, 3)
  await writeAndSeal(app, 1)
  expect(await faultOf(app)).toBe(added(3))
  await putJunk(app, 5, { key_id: `'${app.deps.audit.keyId}'` })
  expect(await faultOf(app)).toBe(`${added(3)}; checkpoint 5 was edited or added: nobody signed it`)
})

test('the owner may take it out again, and the trail is whole', async () => {
  await writeAndSeal(app, 2)
  await putJunk(app, 3)
  await writeAndSeal(app, 2)
  await app.sql.begin(async (tx) => {
    await tx`alter table audit_checkpoints disable trigger append_only`
    await tx`delete from audit_checkpoints where id = 3`
    await tx`alter table audit_checkpoints enable trigger append_only`
  })
  expect(await verifyAudit(app.deps, null)).toEqual({ ok: true, rows: 20, checkpoints: 4, unsealed: 0 })
})

test('a row that somebody made wait no more is not covered by a checkpoint that nobody signed', async () => {
  await writeAndSeal(app, 1)
  await writeRows(app, 1)
  const [row] = await app.sql<{ id: string }[]>`delete from audit_queue returning audit_id as id`
  await putJunk(app, 2, { audit_ids: `array['${row?.id}'::uuid]` })
  expect(await faultOf(app)).toContain(`row ${row?.id} was added: no checkpoint covers it`)
})

test('a real checkpoint that is deleted and replaced by another is found, with and without its rows', async () => {
  const lines = await writeAndSeal(app, 5)
  await app.sql`alter table audit_checkpoints disable trigger user`
  await app.sql`delete from audit_checkpoints where id = 3`
  expect(await faultOf(app)).toContain('checkpoint 4 follows 2: one between them is missing')
  await putJunk(app, 3)
  expect(await faultOf(app)).toContain('checkpoint 3 was signed with the key deadbeef')
  await app.sql`delete from audit_checkpoints where id = 5`
  await putJunk(app, 5, { mac: `decode('${lines[4]?.mac}', 'hex')` })
  expect(await faultOf(app, lines[4] ?? null)).toContain('checkpoint 5 was signed with the key deadbeef')
  await app.sql`delete from audit_checkpoints where id = 5`
  await putJunk(app, 6)
  expect(await faultOf(app, lines[4] ?? null)).toContain('the trail ends at checkpoint 4, but checkpoint 5 was written')
})

test('two instances, one of which signs with a newer key already, go on with one chain', async () => {
  const [old, fresh] = ['old', 'fresh'].map((name) => `${name}-0123456789abcdefghijklmnopqrstuv`) as [string, string]
  const before = await openTestApp({ AUDIT_KEY: old })
  const after = await openTestApp({ AUDIT_KEY: fresh, AUDIT_KEY_PREVIOUS: old, DATABASE_URL: before.databaseUrl })
  for (const app of [before, after, before, before, after, after, before]) await writeAndSeal(app, 1)
  expect(await verifyAudit(after.deps, null)).toEqual({ ok: true, rows: 35, checkpoints: 7, unsealed: 0 })
  // Somebody else's takes the place of a newer key's: it is named, and the chain that goes on from it is followed.
  const [{ mac } = { mac: null }] = await before.sql<{ mac: Buffer }[]>`select mac from audit_checkpoints where id = 7`
  await putJunk(before, 8, { previous_mac: `'\\x${mac?.toString('hex')}'` })
  for (const app of [before, after]) await writeAndSeal(app, 1)
  expect(await faultOf(after)).toBe(
    'checkpoint 8 was signed with the key deadbeef, which is not AUDIT_KEY nor in AUDIT_KEY_PREVIOUS',
  )
})

test('of very many faults the first are told, and that there are more', async () => {
  for (let id = 1; id <= 70; id++) await putJunk(app, id, { key_id: `'${app.deps.audit.keyId}'` })
  await writeAndSeal(app, 1)
  const fault = await faultOf(app)
  expect(fault).toStartWith(added(1))
  expect(fault.split('; ')).toHaveLength(21)
  expect(fault).toEndWith('; and more')
})
