import type { Env, Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { version } from '../config/version.ts'
import { completeDocument } from './openapi-completion.ts'
import { addExamples } from './openapi-examples.ts'

/** The groups of operations, in the order of the reference page. */
const tags = [
  { name: 'Authentication', description: 'Accounts, log-in, sessions and passwords' },
  { name: 'Account', description: 'The person behind the token' },
  { name: 'Entitlements', description: 'What the person may do' },
  { name: 'Dashboard', description: 'Own use, by day and by route' },
  { name: 'API keys', description: 'Keys for programs' },
  { name: 'Catalogue', description: 'Plans, features, roles and permissions, for everybody' },
  { name: 'Subscription', description: 'The own plan' },
  { name: 'Team', description: 'The people who share a plan' },
  { name: 'Access', description: 'For services that verify tokens themselves' },
  { name: 'Administration', description: 'People, roles, plans and the audit trail' },
  { name: 'Analytics', description: 'Figures for operators' },
  { name: 'Operations', description: 'Probes' },
]

const documents = new WeakMap<object, Promise<object>>()

/** The OpenAPI 3.1 document, generated from the routes' own schemas, once for each app. */
export function openApiDocument<E extends Env>(app: Hono<E>, publicUrl: string): Promise<object> {
  const known = documents.get(app)
  if (known) return known
  const document = generateDocument(app, publicUrl)
  documents.set(app, document)
  return document
}

async function generateDocument<E extends Env>(app: Hono<E>, publicUrl: string): Promise<object> {
  const document = await generateSpecs(app, {
    documentation: {
      info: {
        title: 'MANAS360',
        version: version.version,
        description:
          'Accounts, access and entitlements. Every problem is a document of RFC 9457 whose `type` leads to a page that explains it.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: publicUrl }],
      tags,
      security: [],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'An access token.',
          },
          apiKey: {
            type: 'http',
            scheme: 'bearer',
            description: 'An API key (mk_…) that holds the permission which the operation names.',
          },
        },
      },
    },
    excludeStaticFile: false,
    exclude: ['/', '/openapi.json', /^\/docs/, /^\/problems/],
    defaultValidationErrorResponse: false,
  })
  completeDocument(document, app)
  for (const [path, operations] of Object.entries(document.paths))
    for (const operation of Object.values(operations ?? {}))
      addExamples(path, operation as Parameters<typeof addExamples>[1])
  return document
}
