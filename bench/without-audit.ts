import { plugin } from 'bun'

/**
 * Preloaded, removes the audit trail from the program: no row is signed, sent or written. Only to measure its cost; the
 * program itself has no such switch.
 */
plugin({
  name: 'without audit',
  setup(build) {
    build.onLoad({ filter: /\/src\/audit\/record\.ts$/ }, async ({ path }) => {
      let contents = await Bun.file(path).text()
      for (const [signature, replacement] of [
        [
          '    prepare(entry: AuditEntry): AuditRow {',
          '    prepare: (_: AuditEntry) => ({}) as AuditRow,\n    audited(entry: AuditEntry): AuditRow {',
        ],
        [
          'export function auditCtes(',
          'export const auditCtes = (sql: Db, ..._: unknown[]) => sql`audit as (select 1)`\nexport function auditedCtes(',
        ],
      ] as const) {
        if (!contents.includes(signature)) throw new Error(`${path} has no more "${signature.trim()}"`)
        contents = contents.replace(signature, replacement)
      }
      return { contents, loader: 'ts' }
    })
  },
})
