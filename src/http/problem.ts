import { AppError, problems } from '../errors.ts'
export function problemResponse(error: unknown, { publicUrl, instance, requestId }: { publicUrl: string; instance: string; requestId: string }) {
  const known = error instanceof AppError ? error : new AppError('internal-error')
  const { status, title } = problems[known.code]
  const body = { type: `${publicUrl}/problems/${known.code}`, title, status, detail: known.detail, instance, code: known.code, requestId, ...(known.errors && { errors: known.errors }), ...known.members }
  return { response: new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/problem+json', ...known.headers } }), unexpected: !(error instanceof AppError) }
}
