import type { Assumptions, bytes as measuredBytes, costs as measuredCosts } from './assumptions.ts'
import type { prices as listPrices } from './prices.ts'

const daySeconds = 86_400
/** A task of the deployment: one process on one vCPU with 2 GB; at least three, in as many zones. */
const task = { vcpus: 1, gigabytes: 2, atLeast: 3, connections: 44 }
/** The factor for work of the database beside statements: checkpoints, vacuum, replication. */
const databaseOverhead = 1.5
/** The share of the database's memory for its buffers and the system's; the rest is its processes'. */
const usableMemory = 0.75
/** Bytes of a request with its answer, and its Redis commands where limits are shared. */
const wire = { kilobytes: 2, commands: 0.2 }

type Rates = { costs: typeof measuredCosts; prices: typeof listPrices }

export type Demand = {
  activePeople: number
  gated: number
  ownReads: number
  refreshes: number
  logIns: number
  registrations: number
}

/** Requests of each kind per second at the peak, for so many accounts. */
export function demandOf(accounts: number, a: Assumptions): Demand {
  const activePeople = accounts * a.activeShare
  const atPeak = (aDay: number) => (aDay * a.peak) / daySeconds
  return {
    activePeople,
    gated: atPeak(activePeople * a.gatedRequests),
    ownReads: atPeak(activePeople * a.ownReads),
    refreshes: atPeak(activePeople * a.refreshes),
    logIns: atPeak(activePeople * a.logIns),
    registrations: atPeak(accounts * a.registrations),
  }
}

/** demandOf where all accounts are online at once, and each tenth request reads the person's own data. */
export function demandOnline(accounts: number, a: Assumptions, accessTokenSeconds = 900): Demand {
  const requests = accounts * a.onlineRequests
  const { logIns, registrations } = demandOf(accounts, a)
  const refreshes = accounts / accessTokenSeconds
  return { activePeople: accounts, gated: requests * 0.9, ownReads: requests * 0.1, refreshes, logIns, registrations }
}

type Machines = {
  programCores: number
  tasks: number
  databaseCores: number
  databaseClass: string
  databaseVcpus: number
  /** Whether any class is large enough. */
  fits: boolean
  connections: number
  poolMax: number
  /** The resource that is used up first, and its utilisation at the peak. */
  first: string
}

/** The machines for a demand: tasks by their cores, the database by its own, and the resource that is used up first. */
export function machinesFor(demand: Demand, gigabytes: number, a: Assumptions, { costs, prices }: Rates): Machines {
  const kinds = [
    [demand.gated, costs.gated],
    [demand.ownReads, costs.ownRead],
    [demand.refreshes, costs.refresh],
    [demand.logIns, costs.logIn],
    [demand.registrations, costs.registration],
  ] as const
  const cores = (side: 'program' | 'database') =>
    kinds.reduce((sum, [rate, cost]) => sum + (rate * cost[side]) / 1000, 0)
  const programCores = cores('program')
  const tasks = Math.max(task.atLeast, Math.ceil(programCores / a.utilisation / task.vcpus))
  const databaseCores = cores('database') * databaseOverhead + tasks * costs.idle.database
  const wanted = databaseCores / a.utilisation
  const hot = gigabytes * a.hotShare
  const found = prices.databaseClasses.find(({ vcpus, memoryGb }) => vcpus >= wanted && memoryGb * usableMemory >= hot)
  const largest = prices.databaseClasses.at(-1)
  const chosen = found ?? largest
  if (!chosen) throw new Error('there is no database class')
  // max_connections as RDS sets it: one for each 9.5 MB of memory, at most 5,000. Half of them are left for a rolling
  // deployment.
  const allowed = Math.min(5000, Math.floor((chosen.memoryGb * 2 ** 30) / 9_531_392))
  const poolMax = Math.max(4, Math.min(40, Math.floor(allowed / 2 / tasks) - (task.connections - 40)))
  const shares: [string, number][] = [
    ['cores of the tasks', programCores / (tasks * task.vcpus)],
    ['cores of the database', databaseCores / chosen.vcpus],
    ['memory of the database', hot / (chosen.memoryGb * usableMemory)],
    ['connections', (2 * tasks * (poolMax + task.connections - 40)) / allowed],
  ]
  const [name, share] = shares.reduce((most, one) => (one[1] > most[1] ? one : most))
  return {
    programCores,
    tasks,
    databaseCores,
    databaseClass: chosen.name,
    databaseVcpus: chosen.vcpus,
    fits: found !== undefined,
    connections: tasks * (poolMax + task.connections - 40),
    poolMax,
    first: `${name}, ${Math.round(share * 100)} %`,
  }
}

/** Gigabytes after so many years with as many accounts, by the retention of each table. */
export function storageAfter(years: number, accounts: number, a: Assumptions, bytes: typeof measuredBytes): number {
  const days = years * 365
  const active = accounts * a.activeShare
  const logIns = active * a.logIns + accounts * a.registrations
  const kept = (limit: number) => Math.min(days, limit)
  const auditRows = logIns + active * 0.02
  const sum =
    accounts * bytes.account +
    logIns * (kept(31) * bytes.session + kept(90) * bytes.attempt + kept(30) * bytes.mail) +
    auditRows * (kept(365) * bytes.auditRow + Math.max(0, days - 365) * bytes.archivedRow) +
    active * a.routes * kept(400) * bytes.usageRow
  return sum / 1e9
}

type Bill = { tasks: number; database: number; storage: number; balancer: number; cache: number; total: number }

/** A month's bill in dollars: tasks, a database with its standby, disk of three times the data, balancer and Valkey. */
export function billFor(demand: Demand, machines: Machines, gigabytes: number, { prices }: Rates, peak: number): Bill {
  const hours = prices.hoursOfMonth
  const chosen = prices.databaseClasses.find(({ name }) => name === machines.databaseClass)
  const requests = (demand.gated + demand.ownReads + demand.refreshes + demand.logIns + demand.registrations) / peak
  const units = Math.max(1, (requests * wire.kilobytes * 3600) / 1e6)
  const bill = {
    tasks: machines.tasks * hours * (task.vcpus * prices.vcpuHour + task.gigabytes * prices.gigabyteHour),
    database: 2 * hours * (chosen?.hour ?? 0),
    storage: 2 * 3 * Math.max(20, gigabytes) * prices.storageGbMonth,
    balancer: hours * (prices.balancerHour + units * prices.capacityUnitHour),
    cache:
      (requests * wire.commands * hours * 3600 * prices.millionCommands) / 1e6 +
      hours * prices.cacheGbHour * Math.max(0.1, demand.activePeople * 3e-7),
  }
  return { ...bill, total: Object.values(bill).reduce((sum, part) => sum + part, 0) }
}
