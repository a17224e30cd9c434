import { CancelledError, ProblemError } from '../calls/failure.ts'
import { notify } from '../shell/notices.tsx'
import type { Texts } from '../shell/texts.ts'

/** Shows a notice of what was done, with a button to undo it, whose result is shown as well. */
export function notifyUndoable(text: string, t: Texts, undo: () => Promise<unknown>): void {
  notify(text, () => {
    undo().then(
      () => notify(t.undone),
      (failure: unknown) => {
        if (!(failure instanceof CancelledError)) notify(`${t.notUndone} ${sentenceOf(failure, t)}`)
      },
    )
  })
}

function sentenceOf(failure: unknown, t: Texts): string {
  return failure instanceof ProblemError ? failure.problem.detail || failure.problem.title : t.unreachable
}
