import { availableParallelism } from 'node:os'
import type { AuthzChange } from './access/authz-change.ts'
import { createUsageCounter } from './account/usage.ts'
import { createDenialCounter } from './admin/analytics/denials.ts'
import { createApiKeys } from './api-keys/verifier.ts'
import type { AppDeps } from './app-deps.ts'
import { createNotifier } from './async/notifier.ts'
import { createAudit } from './audit/record.ts'
import { createDeviceTokens } from './auth/device-tokens.ts'
import { createPasswordHasher } from './auth/passwords.ts'
import { createTokens } from './auth/tokens.ts'
import { receiveWebhook } from './billing/inbox.ts'
import { openProviders } from './billing/providers/registry.ts'
import { isCatalogue, newer, readCatalogue } from './catalogue/current.ts'
import { createFeedConnection } from './changes/connection.ts'
import { createFeed } from './changes/feed.ts'
import { RecentChanges } from './changes/recent-changes.ts'
import { deriveKey } from './crypto/hash.ts'
import { createKeyedHashes } from './crypto/keyed-hashes.ts'
import { createClock } from './db/clock.ts'
import { connectionOptions } from './db/connection-options.ts'
import { openDatabase } from './db/database.ts'
import { requireSchema } from './db/schema-version.ts'
import { createOpenStreams } from './http/output/open-streams.ts'
import { createJobRunner } from './jobs/on-demand.ts'
import type { Logger } from './log/logger.ts'
import { createOutbox } from './mail/outbox.ts'
import { askForFactor } from './mfa/challenge.ts'
import { createPasskeys } from './passkeys/passkeys.ts'
import { createLeases } from './quotas/leases.ts'
import { createSharedLimits } from './quotas/shared-limits.ts'
import { openLimits } from './rate-limits/limiters.ts'
import { openRedis } from './redis/connection.ts'
import { openOwnReplica } from './replica.ts'
import type { Config } from './room-config.ts'
import { jobsOfRooms } from './room-jobs.ts'
import { countingSignInMethods } from './room-sign-in-methods.ts'
import { createSecrets } from './secrets/secrets.ts'
import { createIdentityProviders } from './sso/providers.ts'
import { createNetworkHash } from './telemetry/network-hash.ts'
import { createTraffic } from './telemetry/traffic.ts'
import { openTracer } from './tracing/open-tracer.ts'
import { createWebhookFigures } from './webhooks/figures.ts'

/** The deps of an open instance, and how to close them. */
export type OpenDeps = AppDeps & {
  /** Writes all counts and closes the pool, within `seconds`. */
  close(seconds: number): Promise<void>
}

/**
 * Connects, and loads into memory what authorisation needs.
 * @param clock replaces the database's time, in tests only
 * @throws AppError `database-unavailable` when the database does not answer; MigrationError when its schema is not
 *   supported
 */
export async function openDeps(config: Config, log: Logger, clock?: () => number): Promise<OpenDeps> {
  const connection = connectionOptions(config, log)
  const tracer = await openTracer(config, log)
  const db = openDatabase({ ...connection, applicationName: 'manas360' })
  const { sql } = db
  const feedConnection = createFeedConnection(() =>
    openDatabase({ ...connection, applicationName: 'manas360-feed', max: 1 }),
  )
  const databaseClock = createClock()
  const now = clock ?? databaseClock.now
  const recentChanges = new RecentChanges(config.accessTtlSeconds)
  const secrets = createSecrets(config.dataKeys)
  const mail = createOutbox({ mail: config.mail, secrets })
  const webhookWork = createNotifier()
  const { redisUrl, redisTimeoutMs: timeoutMs } = config
  const redis = redisUrl === undefined ? null : openRedis({ url: redisUrl, log, timeoutMs })
  try {
    // The other connections open once it serves: each costs the server a process, and nothing waits for them.
    await Promise.all([db.open(Math.min(1, config.poolMin)), feedConnection.open()])
    // Connects the prober before the first check of readiness.
    db.ping().catch(() => {})
    const reading = feedConnection.read(readCatalogue)
    // An unsupported schema fails both, with its own error.
    reading.catch(() => {})
    await requireSchema(sql)
    const schema = { isServed: true }
    const catalogue = { current: await reading }
    const channels = { mail_outbox: mail.queued.notify, webhook_deliveries: webhookWork.notify }
    const listen = (wake: () => void) => feedConnection.listen({ authz_changes: wake, ...channels })
    const feed = createFeed({
      connection: feedConnection,
      recentChanges,
      log,
      lifeSeconds: config.accessTtlSeconds,
      onCatalogue: async (version) => {
        if (version > catalogue.current.version)
          catalogue.current = newer(catalogue.current, await feedConnection.read(readCatalogue))
      },
      onOtherServer: async () => {
        schema.isServed = false
        catalogue.current = await feedConnection.read(readCatalogue)
        apiKeys.clear()
        sharedLimits.clear()
      },
      onTime: databaseClock.set,
      listen: config.authzFeed === 'listen' ? listen : undefined,
    })
    // Listens before loading: a change that commits in between is applied twice, never lost.
    db.onCommit((items) => {
      for (const item of items) {
        if (isCatalogue(item)) catalogue.current = newer(catalogue.current, item)
        else recentChanges.apply(item as AuthzChange, performance.now())
      }
    })
    db.onUncertainCommit(() => void feed.poll())
    await feed.start()
    const usage = createUsageCounter({ sql, now, log })
    const denials = createDenialCounter({ sql, now, log })
    const fifthOfPool = Math.ceil(config.poolMax / 5)
    const apiKeys = createApiKeys({
      // Anybody may send a key, so look-ups do not count as the service's own work.
      sql: db.as({ key: 'api keys', isAccount: false, admitted: true }),
      recentChanges,
      log,
      now,
      lifeSeconds: config.accessTtlSeconds,
      lookUps: fifthOfPool,
      waitMs: config.acquireTimeoutMs,
    })
    const leases = createLeases({ sql, now, log })
    const sharedLimits = createSharedLimits({ sql, now, recentChanges, config })
    await redis?.start()
    const replica = openOwnReplica(config, { connection, sql, log, now })
    const limits = openLimits(config, redis)
    const streams = createOpenStreams({ perAccount: 2, inAll: 100, reads: fifthOfPool, idleMs: 120_000 })
    const cores = availableParallelism()
    db.open(config.poolMin).catch((error) => log.warn({ err: error }, 'the pool could not be filled; it grows by need'))
    const sweep = setInterval(() => recentChanges.sweep(performance.now()), 60_000).unref()
    const audit = createAudit(config.auditKeys, now)
    const keyedHashes = createKeyedHashes(config.auditKeys)
    const jobs = jobsOfRooms({ sql, audit, now, log, mail, config, ...keyedHashes })
    const jobRunner = createJobRunner({ config, sql, log, jobs })
    const identityProviders = createIdentityProviders(config, now)
    const open: OpenDeps = {
      config,
      instance: { id: Bun.randomUUIDv7() },
      log,
      db,
      sql,
      schema,
      replica,
      now,
      catalogue,
      recentChanges,
      feed,
      usage,
      denials,
      apiKeys,
      leases,
      sharedLimits,
      limits,
      reportLimit: () => {},
      streams,
      redis,
      traffic: createTraffic(),
      tracer,
      jobs,
      jobRunner,
      metrics: async () => (await import('./room-metrics.ts')).metricsOfRooms(open),
      audit,
      mail,
      providers: await openProviders({ sql, now, config, deliver: (...message) => receiveWebhook(open, ...message) }),
      billingWork: createNotifier(),
      webhookWork,
      webhookFigures: createWebhookFigures(),
      secrets,
      tokens: createTokens(config, now),
      deviceTokens: createDeviceTokens(deriveKey(config.auditKeys[0], 'device tokens')),
      passwords: createPasswordHasher({ concurrency: cores, queueLimit: cores * 32 }),
      secondFactor: askForFactor,
      passkeys: createPasskeys(config.auditKeys, now),
      countSignInMethods: countingSignInMethods(identityProviders),
      identityProviders,
      ...keyedHashes,
      networkHash: createNetworkHash(deriveKey(config.auditKeys[0], 'networks in the log')),
      lifecycle: { draining: false },
      async close(seconds) {
        clearInterval(sweep)
        await Promise.all([jobRunner.close(1), feed.stop()])
        await Promise.all([usage.close(), denials.close(), apiKeys.close(), leases.close()])
        streams.close()
        await Promise.all(Object.values(limits).map((tier) => tier?.close()))
        const closing = [redis?.close(), replica?.close(seconds), feedConnection.close(seconds), db.close(seconds)]
        // A collector that does not answer must not delay the rest.
        await Promise.all([...closing, tracer?.close(seconds * 900)])
      },
    }
    return open
  } catch (error) {
    await Promise.all([redis?.close(), feedConnection.close(1), db.close(1), tracer?.close(0)])
    throw error
  }
}
