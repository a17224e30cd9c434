/** A finding of `doctor`; a `warning` does not change the exit code. */
export type Finding = { name: string; state: 'good' | 'warning' | 'wrong'; detail: string; advice?: string }

const marks: Record<Finding['state'], string> = { good: '✓', warning: '!', wrong: '✗' }

export function describeFinding({ name, state, detail, advice }: Finding): string {
  return `${marks[state]} ${name}: ${detail}${state === 'good' || !advice ? '' : `\n    → ${advice}`}`
}
