import { describe, expect, test } from 'bun:test'
import { assumptions, bytes, costs } from '../../scripts/capacity/assumptions.ts'
import { billFor, demandOf, demandOnline, machinesFor, storageAfter } from '../../scripts/capacity/model.ts'
import { prices } from '../../scripts/capacity/prices.ts'
import { tablesOf } from '../../scripts/capacity.ts'

const machines = (accounts: number, demandFor = demandOf) => {
  const data = storageAfter(1, accounts, assumptions, bytes)
  return machinesFor(demandFor(accounts, assumptions), data, assumptions, { costs, prices })
}

describe('what so many accounts need', () => {
  test('is what they ask a second, by the arithmetic that the assumptions say', () => {
    const a = { ...assumptions, activeShare: 0.5, gatedRequests: 86.4, refreshes: 8.64, peak: 2 }
    expect(demandOf(1_000_000, a)).toMatchObject({ activePeople: 500_000, gated: 1_000, refreshes: 100 })
    expect(demandOnline(900, { ...a, onlineRequests: 0.1 })).toMatchObject({ gated: 81, ownReads: 9, refreshes: 1 })
  })

  test('grows with them and never shrinks: cores, tasks, database, data, money', () => {
    const sizes = [1e5, 3e5, 5e5, 1e6, 1e7]
    const all = sizes.map((accounts) => {
      const needed = machines(accounts)
      const data = storageAfter(1, accounts, assumptions, bytes)
      const { total } = billFor(demandOf(accounts, assumptions), needed, data, { costs, prices }, assumptions.peak)
      return [needed.programCores, needed.tasks, needed.databaseCores, needed.databaseVcpus, data, total]
    })
    for (const [n, figures] of all.entries())
      for (const [part, figure] of figures.entries()) expect(figure).toBeGreaterThanOrEqual(all[n - 1]?.[part] ?? 0)
  })

  test('has three tasks at least, a database whose cores and memory are not used beyond the assumption, and connections for a rolling deployment', () => {
    for (const accounts of [1_000, 1e5, 1e6, 1e7]) {
      const needed = machines(accounts)
      expect(needed.tasks).toBeGreaterThanOrEqual(3)
      expect(needed.fits).toBe(true)
      expect(needed.databaseCores / needed.databaseVcpus).toBeLessThanOrEqual(assumptions.utilisation)
      expect(2 * needed.connections).toBeLessThanOrEqual(5_000)
    }
  })

  test('says where no class of the list is enough', () => {
    expect(machines(1e10)).toMatchObject({ fits: false })
    expect(tablesOf([1e10], assumptions)).toContain('not enough')
  })

  test('keeps of a row what its retention says, and the archive for good', () => {
    const one = { ...bytes, account: 0, session: 0, attempt: 0, archivedRow: 0, mail: 0, usageRow: 0 }
    const a = { ...assumptions, registrations: 0, logIns: 0 }
    const perDay = 1e6 * a.activeShare * 0.02 * bytes.auditRow
    expect(storageAfter(2, 1e6, a, one)).toBeCloseTo((365 * perDay) / 1e9)
    expect(storageAfter(2, 1e6, a, { ...one, archivedRow: bytes.auditRow })).toBeCloseTo((730 * perDay) / 1e9)
  })
})
