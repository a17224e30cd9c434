import type { Case } from './case.ts'
import { backendsTerminated } from './cases/backends-terminated.ts'
import { blackHole } from './cases/black-hole.ts'
import { clockStepped } from './cases/clock-stepped.ts'
import { closingAtStart } from './cases/closing-at-start.ts'
import { connectionsExhausted } from './cases/connections-exhausted.ts'
import { connectionsReset } from './cases/connections-reset.ts'
import { diskFull } from './cases/disk-full.ts'
import { anonymousFlood, loginFlood } from './cases/floods.ts'
import { mailFailing } from './cases/mail-failing.ts'
import { packetsLost } from './cases/packets-lost.ts'
import { paymentsFailing } from './cases/payments-failing.ts'
import { postgresFrozen } from './cases/postgres-frozen.ts'
import { postgresKilled } from './cases/postgres-killed.ts'
import { readOnly } from './cases/read-only.ts'
import { receiversFailing } from './cases/receivers-failing.ts'
import { redisLost } from './cases/redis-lost.ts'
import { rollingRestarts } from './cases/rolling-restarts.ts'
import { serverKilled } from './cases/server-killed.ts'
import { slowSockets } from './cases/slow-sockets.ts'
import { teamsKilled } from './cases/teams-killed.ts'

/** All cases, in the order in which they run. To add one: a file in cases/, and a line here. */
export const cases: readonly Case[] = [
  // Processes.
  serverKilled,
  postgresKilled,
  backendsTerminated,
  postgresFrozen,
  teamsKilled,
  // The network between server and database.
  connectionsReset,
  blackHole,
  closingAtStart,
  packetsLost,
  // Exhausted resources of the database.
  connectionsExhausted,
  readOnly,
  diskFull,
  // Other systems.
  redisLost,
  clockStepped,
  mailFailing,
  paymentsFailing,
  receiversFailing,
  // Clients.
  slowSockets,
  loginFlood,
  anonymousFlood,
  // Operators.
  rollingRestarts,
]
