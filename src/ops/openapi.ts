import type { Env, Hono } from 'hono'
import { generateSpecs } from 'hono-openapi'
import { completeDocument } from '../http/openapi-completion.ts'
import { version } from '../version.ts'

const documents = new WeakMap<object, Promise<object>>()

/** The OpenAPI 3.1 document, generated from the routes' own schemas; made once per app. */
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
  return document
}
