/** A finding of `doctor`; a `warning` does not change the exit code. */
export type Finding = { name: string; state: 'good' | 'warning' | 'wrong'; detail: string; advice?: string }

const marks: Record<Finding['state'], string> = { good: '✓', warning: '!', wrong: '✗' }

/** A finding in the form that doctor prints, with its advice unless all is well. */
export function describeFinding({ name, state, detail, advice }: Finding): string {
  return `${marks[state]} ${name}: ${detail}${state === 'good' || !advice ? '' : `\n    → ${advice}`}`
}

/** The last line: the number of findings of each kind, and what that means. */
export function summarise(findings: Finding[]): string {
  const count = (wanted: Finding['state']) => findings.filter(({ state }) => state === wanted).length
  const [wrong, risky] = [count('wrong'), count('warning')]
  const told = [
    ...(wrong > 0 ? [`${wrong} marked ${marks.wrong}: mend before anybody is let in`] : []),
    ...(risky > 0 ? [`${risky} marked ${marks.warning}: allowed, and risky`] : []),
  ]
  return told.length === 0 ? 'Nothing is wrong.' : `${told.join('; ')}.`
}
