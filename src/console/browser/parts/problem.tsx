import { ChangedMeanwhile, GivenUp, Refused } from '../calls/failure.ts'
import { useTexts } from '../shell/texts.ts'

type ProblemProps = { failure: unknown; retry?: () => void }

/** What went wrong, in the service's own sentence and with the request's id, by which its log finds it. */
export function Problem({ failure, retry }: ProblemProps) {
  const t = useTexts()
  const isGivenUp = failure instanceof GivenUp
  // Who gave an action up knows; a page that shows nothing for it says why, and lets one try again.
  if (failure === null || failure === undefined || (isGivenUp && !retry)) return null
  const problem = failure instanceof Refused ? failure.problem : null
  const own = isGivenUp ? t.notProven : failure instanceof ChangedMeanwhile ? t.changedMeanwhile : t.unreachable
  const sentence = problem ? problem.detail || problem.title : own
  return (
    <div class="problem" role="alert">
      <p>{sentence}</p>
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
