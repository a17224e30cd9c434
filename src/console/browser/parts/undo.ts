import { GivenUp, Refused } from '../calls/failure.ts'
import { tell } from '../shell/notices.tsx'
import type { Texts } from '../shell/texts.ts'

/** Tells what was done, with a button that takes it back; what comes of that is told as well. */
export function tellUndoable(text: string, t: Texts, undo: () => Promise<unknown>): void {
  tell(text, () => {
    undo().then(
      () => tell(t.undone),
      (failure: unknown) => {
        if (!(failure instanceof GivenUp)) tell(`${t.notUndone} ${sentenceOf(failure, t)}`)
      },
    )
  })
}

function sentenceOf(failure: unknown, t: Texts): string {
  return failure instanceof Refused ? failure.problem.detail || failure.problem.title : t.unreachable
}
