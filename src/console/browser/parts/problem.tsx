import { CancelledError, ChangedMeanwhileError, fieldErrors, isCode, ProblemError } from '../calls/failure.ts'
import { useTexts } from '../shell/texts.ts'
import { plainText } from './plain-text.ts'

type ProblemProps = {
  failure: unknown
  retry?: () => void
  /** Paths whose errors are shown by fields. */
  shown?: readonly string[]
}

/** A failure: the message of the service, with the request's id for the log. */
export function Problem({ failure, retry, shown = [] }: ProblemProps) {
  const t = useTexts()
  const isCancelled = failure instanceof CancelledError
  // A cancelled action shows nothing; a page that could not load shows why, with a button to retry.
  if (failure === null || failure === undefined || (isCancelled && !retry)) return null
  const problem = failure instanceof ProblemError ? failure.problem : null
  const own = isCancelled ? t.notProven : failure instanceof ChangedMeanwhileError ? t.changedMeanwhile : t.unreachable
  // The message of a validation problem refers to its list of errors, which is shown.
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
