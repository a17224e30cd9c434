import { openApiDocument } from '../../src/ops/openapi.ts'
import type { TestApp } from './app.ts'

type Parameter = { in: string; name: string; required?: boolean; example?: string; schema: { examples?: string[] } }
type Operation = {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { example?: Record<string, unknown> }> }
}

export type ExampleDocument = Awaited<ReturnType<typeof readExamples>>

/** The examples of an app's OpenAPI document. An operation is named by its method and path: `get /v1/me`. */
export async function readExamples({ app }: TestApp) {
  const document = (await openApiDocument(app, 'http://localhost')) as {
    paths: Record<string, Record<string, Operation>>
  }
  const operations = new Map(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method} ${path}` as string, operation] as const),
    ),
  )

  function find(name: string): Operation {
    const found = operations.get(name)
    if (!found) throw new Error(`${name} is not in the document`)
    return found
  }

  function exampleOf(name: string, parameter: string): string {
    const found = find(name).parameters?.find((candidate) => candidate.name === parameter)
    const example = found?.example ?? found?.schema.examples?.[0]
    if (example === undefined) throw new Error(`${name} has no example of ${parameter}`)
    return example
  }

  return {
    names: [...operations.keys()],
    exampleOf,
    hasBody: (name: string): boolean => find(name).requestBody !== undefined,
    bodyOfExample: (name: string): Record<string, unknown> | undefined =>
      find(name).requestBody?.content['application/json']?.example,
    /** The path with the example of each parameter, also in the query. */
    pathOf(name: string): string {
      const [, path = ''] = name.split(' ')
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(exampleOf(name, key)))
      const query = (find(name).parameters ?? []).filter(
        (parameter) => parameter.in === 'query' && (parameter.example ?? parameter.schema.examples),
      )
      const search = new URLSearchParams(
        Object.fromEntries(query.map((parameter) => [parameter.name, exampleOf(name, parameter.name)])),
      )
      return query.length > 0 ? `${filled}?${search}` : filled
    },
  }
}
