import { GivenUp, Refused } from '../calls/failure.ts'
import { useTexts } from '../shell/texts.ts'

type ProblemProps = { failure: unknown; retry?: () => void }

/** What went wrong, in the service's own sentence and with the request's id, by which its log finds it. */
export function Problem({ failure, retry }: ProblemProps) {
  const t = useTexts()
  if (failure === null || failure === undefined || failure instanceof GivenUp) return null
  const problem = failure instanceof Refused ? failure.problem : null
  return (
    <div class="problem" role="alert">
      <p>{problem ? problem.detail || problem.title : t.unreachable}</p>
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
