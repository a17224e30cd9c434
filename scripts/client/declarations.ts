import { block, comment, type Schema, toKey, toType } from './schema-type.ts'

type Media = Record<string, { schema: Schema }>
type Operation = {
  summary?: string
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
  requestBody?: { content: Media }
  responses: Record<string, { description: string; content?: Media }>
  security?: object[]
}
export type Document = {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
/** A problem code with its status, and the schema of its further members. */
export type ProblemType = { code: string; status: number; members: Schema | null }
type Route = { segments: string[]; operations: [string, Operation][] }
/** A name for codes that many operations share. */
type Group = { name: string; codes: string[] }

/**
 * The declarations of the client package: the OpenAPI document as types without dependencies, in the form of Hono's
 * client. Only `hono/client` is imported.
 */
export function toDeclarations(document: Document, problems: ProblemType[]): string {
  const schemas = Object.entries(document.components.schemas).filter(([name]) => !name.endsWith('Problem'))
  const routes = Object.entries(document.paths).map(([path, operations]) => ({
    segments: path
      .slice(1)
      .split('/')
      .map((segment) => segment.replace(/^\{(.*)\}$/, ':$1')),
    operations: Object.entries(operations),
  }))
  const operations = routes.flatMap(({ operations }) => operations.map(([, operation]) => operation))
  const always = { name: 'Always', codes: commonCodes(operations) }
  const guarded = { name: 'Guarded', codes: commonCodes(operations.filter(({ security }) => security)) }
  const groups = [always, { ...guarded, codes: guarded.codes.filter((code) => !always.codes.includes(code)) }]
  return `import type { ClientRequestOptions, ClientResponse } from 'hono/client'

${schemas.map(([name, schema]) => [...comment(schema.description), `export type ${name} = ${toType(schema)}`].join('\n')).join('\n')}

/** The status of each problem code. */
export type ProblemStatus = ${block(
    problems.map(({ code, status }) => `${toKey(code)}: ${status}`),
    '',
  )}
/** The members of a problem document beside the standard ones, by its code. */
export type ProblemMembers = ${block(
    problems.flatMap(({ code, members }) => (members ? [`${toKey(code)}: ${toType(members, '  ')}`] : [])),
    '',
  )}
export type ProblemCode = keyof ProblemStatus
/** The problem documents (RFC 9457) of the codes \`C\`, discriminated by \`code\`. */
export type Problem<C extends ProblemCode = ProblemCode> = C extends ProblemCode
  ? { type: string; title: string; status: ProblemStatus[C]; detail: string; instance: string; code: C; requestId: string } &
      (C extends keyof ProblemMembers ? ProblemMembers[C] : unknown)
  : never

type Refused<C extends ProblemCode> = C extends ProblemCode ? ClientResponse<Problem<C>, ProblemStatus[C], 'json'> : never
${groups.map(({ name, codes }) => `type ${name} = ${codes.map(quote).join(' | ')}`).join('\n')}
type Call<I, R> = (args: I, options?: ClientRequestOptions) => Promise<R>
type OptionalCall<I, R> = (args?: I, options?: ClientRequestOptions) => Promise<R>

/** A typed client of this service, made by \`createClient\`. */
export type Client = ${toTree(routes, 0, '', groups)}

export type ClientOptions = {
  /** Called before every request; null: no bearer is sent. */
  accessToken?: () => string | null | undefined | Promise<string | null | undefined>
  /** Replaces the global fetch. */
  fetch?: typeof fetch
}

/**
 * The typed client. A call whose path parameter can't stand in a path (empty, \`.\`, \`..\`, an unpaired surrogate) rejects
 * with TypeError, and nothing is sent.
 *
 * @param baseUrl e.g. \`https://api.manas360.com\`
 */
export declare function createClient(baseUrl: string, options?: ClientOptions): Client

/** Whether a body is a problem document; its \`code\` says which. */
export declare function isProblem(body: unknown): body is Problem
`
}

/** The members below one segment: its own calls, and those of deeper segments. */
function toTree(routes: Route[], depth: number, indent: string, groups: Group[]): string {
  const members = [...Map.groupBy(routes, ({ segments }) => segments[depth] ?? '')].flatMap(([segment, group]) => {
    if (segment === '') return group.flatMap(({ operations }) => toCalls(operations, groups))
    return [`${toKey(segment)}: ${toTree(group, depth + 1, `${indent}  `, groups)}`]
  })
  return block(members, indent)
}

function toCalls(operations: [string, Operation][], groups: Group[]): string[] {
  const places = [...new Set(operations.map(([, operation]) => toInput(inputsOf(operation, ['path', 'query']))))]
  const place = places.join(' | ')
  return [
    `$url: (args?: ${place}) => URL`,
    `$path: (args?: ${place}) => string`,
    ...operations.flatMap(([method, operation]) => {
      const inputs = inputsOf(operation, ['path', 'query', 'json'])
      const kind = inputs.every((input) => /^\w+\?/.test(input)) ? 'OptionalCall' : 'Call'
      return [...comment(operation.summary), `$${method}: ${kind}<${toInput(inputs)}, ${toAnswers(operation, groups)}>`]
    }),
  ]
}

/** The members of a call's argument. Values of a query are strings. */
function inputsOf({ parameters = [], requestBody }: Operation, parts: ('path' | 'query' | 'json')[]): string[] {
  const named = { path: 'param', query: 'query' }
  return parts.flatMap((part) => {
    if (part === 'json') {
      const body = requestBody?.content['application/json']
      return body ? [`json: ${toType(body.schema)}`] : []
    }
    const own = parameters.filter((parameter) => parameter.in === part)
    const members = own.map(
      ({ name, required, schema }) =>
        `${toKey(name)}${required ? '' : '?'}: ${schema.enum ? toType(schema) : 'string'}`,
    )
    if (own.length === 0) return []
    return [`${named[part]}${own.some(({ required }) => required) ? '' : '?'}: { ${members.join('; ')} }`]
  })
}

function toInput(inputs: string[]): string {
  return inputs.length === 0 ? 'Record<string, never>' : `{ ${inputs.join('; ')} }`
}

function toAnswers({ responses }: Operation, groups: Group[]): string {
  const successes = Object.entries(responses).filter(([status]) => Number(status) < 400)
  const answers = successes.flatMap(([status, { content }]) => {
    if (!content) return [`ClientResponse<null, ${status}, 'body'>`]
    return Object.entries(content).map(([type, { schema }]) =>
      type === 'application/json'
        ? `ClientResponse<${toType(schema)}, ${status}, 'json'>`
        : `ClientResponse<string, ${status}, 'text'>`,
    )
  })
  const codes = codesOf(responses)
  const shared = groups.filter((group) => group.codes.every((code) => codes.includes(code)))
  const own = codes.filter((code) => !shared.some((group) => group.codes.includes(code)))
  const refused = [...shared.map(({ name }) => name), ...own.map(quote)].join(' | ')
  return [...new Set(answers), `Refused<${refused}>`].join(' | ')
}

function codesOf(responses: Operation['responses']): string[] {
  const problems = Object.entries(responses).filter(([status]) => Number(status) >= 400)
  return problems.flatMap(([, { description }]) => description.split(', '))
}

function commonCodes(operations: Operation[]): string[] {
  return operations
    .map(({ responses }) => codesOf(responses))
    .reduce((common, codes) => common.filter((code) => codes.includes(code)))
}

function quote(code: string): string {
  return `'${code}'`
}
