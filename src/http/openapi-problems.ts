import { z } from 'zod'
import { type ProblemCode, problems } from '../errors/app-error.ts'
import { problemMembers } from '../errors/problem-members.ts'

type Schema = Record<string, unknown>
type ProblemAnswer = { description: string; content: Record<string, { schema: Schema }> }

const standard = {
  type: z.url().meta({ description: 'leads to a page that explains the code' }),
  title: z.string(),
  status: z.int().min(400).max(599),
  detail: z.string(),
  instance: z.string().meta({ description: 'the path of the request' }),
  requestId: z.string(),
}
const codes = Object.keys(problems) as ProblemCode[]
const plain = 'PlainProblem'
const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` })

/**
 * The schemas of non-2xx bodies (RFC 9457), discriminated by `code`: one for each of the `answered` codes with members of
 * its own, and one for all others.
 */
export function problemSchemas(answered: ReadonlySet<ProblemCode>): Record<string, Schema> {
  const own = Object.entries(problemMembers).filter(([code]) => answered.has(code as ProblemCode))
  const variants = own.map(([code, members]) => [
    nameOf(code as ProblemCode),
    toSchema(z.object({ ...standard, code: z.literal(code), ...members })),
  ])
  const plainCodes = z.enum(codes.filter((code) => nameOf(code) === plain))
  return { [plain]: toSchema(z.object({ ...standard, code: plainCodes })), ...Object.fromEntries(variants) }
}

/** The answers with the problem documents of `codes`, by status. */
export function problemResponses(wanted: Iterable<ProblemCode>): Record<string, ProblemAnswer> {
  const byStatus = Map.groupBy(new Set(wanted), (code) => problems[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      { description: group.join(', '), content: { 'application/problem+json': { schema: oneOf(group) } } },
    ]),
  )
}

function oneOf(group: ProblemCode[]): Schema {
  const plainCodes = group.filter((code) => nameOf(code) === plain)
  const variants: Schema[] = group.filter((code) => nameOf(code) !== plain).map((code) => reference(nameOf(code)))
  if (plainCodes.length > 0)
    variants.push({ allOf: [reference(plain), { type: 'object', properties: { code: { enum: plainCodes } } }] })
  return variants.length === 1 && variants[0] ? variants[0] : { oneOf: variants }
}

function nameOf(code: ProblemCode): string {
  if (!(code in problemMembers)) return plain
  return `${code.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Problem`
}

/** Open: a later version may bring further members. */
function toSchema(schema: z.ZodType): Schema {
  const { $schema: _, ...open } = z.toJSONSchema(schema, {
    io: 'output',
    override: ({ jsonSchema }) => {
      delete jsonSchema.additionalProperties
    },
  })
  return open
}
