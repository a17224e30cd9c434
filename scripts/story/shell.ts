import { type AppCode, type Ask, isAppCode, isCommand, isLook, isVisit, type Look, type Step } from './step.ts'

/** The shell command of a step. */
export function toShell(run: Step['run']): string {
  if (isLook(run)) return toLook(run)
  if (isAppCode(run)) return toAppCode(run)
  if (isVisit(run)) return ['page', `"$${run.visit}"`, ...(run.press ? [run.press] : [])].join(' ')
  return isCommand(run) ? toProgram(run.args, run.input) : toCurl(run)
}

function toCurl({ method, path, as, body, until }: Ask): string {
  const address = path.includes('?') ? `"$URL${path}"` : `$URL${path}`
  const first = [
    ...(until === undefined ? ['ask'] : ['ask_until', `'${until}'`]),
    ...(method !== (body ? 'POST' : 'GET') ? ['-X', method] : []),
    address,
    ...(as ? [`-H "Authorization: Bearer $${as}"`] : []),
  ].join(' ')
  if (!body) return first
  const json = JSON.stringify(body).replaceAll('":', '": ').replaceAll(',"', ', "')
  const quoted = json.includes('$') ? `"${json.replaceAll('"', '\\"')}"` : `'${json}'`
  return `${first} \\\n  -H 'Content-Type: application/json' -d ${quoted}`
}

function toAppCode({ secretIn, stepsAhead = 0, code }: AppCode): string {
  return `${code}=$(code "$${secretIn}"${stepsAhead > 0 ? ` ${stepsAhead}` : ''})\ntest -n "$${code}" && echo "the app shows six digits"`
}

function toLook({ mailTo, page, token }: Look): string {
  return `${token}=$(token "${mailTo}" ${page})\ntest -n "$${token}" && echo "a mail to ${mailTo} leads to /account/${page}"`
}

function toProgram(args: string[], input: string | undefined): string {
  const program = `manas360 ${args.join(' ')}`
  return input === undefined ? program : `printf %s "${input}" | ${program}`
}

/** Lines that store members of the answer for later steps. */
export function kept(keep: Record<string, string>): string[] {
  return Object.entries(keep).map(([variable, path]) => {
    const line = `${variable}=$(member ${path.split('.').at(-1)})`
    // Later steps need it: without it their errors would be misleading.
    return path === 'user.id'
      ? `${line}; test -n "$${variable}" || echo 'NO ACCOUNT WAS MADE: see the answer above'`
      : line
  })
}
