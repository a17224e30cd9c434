import { z } from 'zod'

const host = z.string().regex(/^(?:[a-z0-9-]+\.)+[a-z]{2,}$/, 'must be a host name in lower case')
const generation = z.number().int().positive()
/** Generations of a secret: the first is in force, the others are accepted beside it while it is rotated. */
const generations = (most: number) => z.array(generation).min(1).max(most).default([1])

/** What an installation decides. Everything else follows from it; nothing is looked up in the account. */
export const Settings = z.strictObject({
  account: z.string().regex(/^\d{12}$/, 'must be the 12 digits of an account'),
  region: z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'must be a region, such as ap-south-1'),
  /** How many availability zones. */
  zones: z.number().int().min(2).max(3).default(3),
  domain: z.strictObject({
    zoneId: z.string().regex(/^Z[A-Z0-9]+$/),
    zoneName: host,
    api: host,
    /** Where CloudFront serves the public catalogue; without it there is no CloudFront. */
    catalogue: host.optional(),
  }),
  allowedOrigins: z.array(z.url()).min(1),
  mailFrom: z.string().min(3),
  alarmEmail: z.email(),
  monthlyBudgetUsd: z.number().positive(),
  database: z
    .strictObject({
      instance: z
        .string()
        .regex(/^[a-z0-9]+\.[a-z0-9]+$/)
        .default('m7g.large'),
      storageGib: z.number().int().min(100).default(100),
      maxStorageGib: z.number().int().default(1000),
      /** Whether administrators' lists, search and analytics have a replica of their own. */
      replica: z.boolean().default(false),
      backupDays: z.number().int().min(14).max(35).default(35),
    })
    .prefault({}),
  cacheNode: z.string().startsWith('cache.').default('cache.t4g.small'),
  tasks: z
    .strictObject({
      min: z.number().int().min(2).default(3),
      max: z.number().int().max(100).default(20),
      cpu: z.number().int().default(1024),
      memoryMib: z.number().int().default(2048),
      poolMax: z.number().int().min(2).default(15),
      /** One more task is started where each has more requests a minute than this. */
      requestsPerMinute: z.number().int().positive().default(60_000),
    })
    .prefault({}),
  jwtAlgorithm: z.enum(['HS256', 'ES256', 'EdDSA']).default('HS256'),
  /** Further variables of the service that are no secrets, such as CONSENT_DOCUMENTS or BRAND_NAME. */
  environment: z.record(z.string(), z.string()).default({}),
  /** Names of further secrets that somebody stores by hand, such as STRIPE_SECRET_KEY. */
  secrets: z.array(z.string().regex(/^[A-Z][A-Z0-9_]+$/)).default([]),
  generations: z
    .strictObject({
      /** Of the server's role and its password: another generation is another role. */
      databaseServer: generation.default(1),
      JWT_SECRET: generations(2),
      JWT_REFRESH_SECRET: generations(2),
      AUDIT_KEY: generations(9),
      DATA_KEY: generations(9),
    })
    .prefault({}),
  /** Whose workflow deploys: the role that GitHub's tokens of that repository and environment may assume. */
  pipeline: z.strictObject({ repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/), environment: z.string() }).optional(),
})
export type Settings = z.output<typeof Settings>

/** The image by its digest, never by a tag, which could come to mean another. */
export const ImageDigest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits')

/** Connections that two sets of tasks, as of a deployment, and two commands may open: docs/operations.md counts the same. */
export function countConnections({ tasks }: Pick<Settings, 'tasks'>): number {
  return 2 * tasks.max * (tasks.poolMax + 4) + 2 * 3
}
