import { ChangedMeanwhile, fieldErrors, GivenUp, isCode, Refused } from '../calls/failure.ts'
import { useTexts } from '../shell/texts.ts'
import { plainText } from './plain-text.ts'

type ProblemProps = {
  failure: unknown
  retry?: () => void
  /** Paths of which a field says by itself what is wrong with them. */
  shown?: readonly string[]
}

/** What went wrong, in the service's own sentence and with the request's id, by which its log finds it. */
export function Problem({ failure, retry, shown = [] }: ProblemProps) {
  const t = useTexts()
  const isGivenUp = failure instanceof GivenUp
  // Who gave an action up knows; a page that shows nothing for it says why, and lets one try again.
  if (failure === null || failure === undefined || (isGivenUp && !retry)) return null
  const problem = failure instanceof Refused ? failure.problem : null
  const own = isGivenUp ? t.notProven : failure instanceof ChangedMeanwhile ? t.changedMeanwhile : t.unreachable
  // Of what is not valid the sentence only says that a list says it: here is the list.
  const isInvalid = isCode(failure, 'validation-failed')
  const sentence = problem ? (isInvalid ? problem.title : problem.detail || problem.title) : own
  const errors = isInvalid ? Object.entries(fieldErrors(failure)).filter(([path]) => !shown.includes(path)) : []
  return (
    <div class="problem" role="alert">
      <p>{sentence}</p>
      {errors.length > 0 && (
        <ul key="errors">
          {errors.map(([path, message]) => (
            <li key={path}>
              {path !== '' && <code>{plainText(path)}</code>} {message}
            </li>
          ))}
        </ul>
      )}
      {problem && (
        <p class="reference" key="reference">
          {t.request} <code>{problem.requestId}</code> · <code>{problem.code}</code>
        </p>
      )}
      {retry && (
        <button type="button" class="quiet" key="retry" onClick={retry}>
          {t.tryAgain}
        </button>
      )}
    </div>
  )
}
