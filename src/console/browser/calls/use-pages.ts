import { useCallback, useEffect, useRef, useState } from 'hono/jsx/dom'
import { useStore } from '../store.ts'
import { connection } from './connection.ts'

export type ListPage<T> = { items: T[]; nextCursor: string | null }
export type Pages<T> = {
  pages: readonly (readonly T[])[]
  /** The key of the pages that are shown, which may be the one before while the next is loading. */
  answers: string
  /** Whether the pages shown are those of the present key. */
  isCurrent: boolean
  isLoading: boolean
  hasMore: boolean
  failure: unknown
  more: () => void
  reload: () => void
  /** Loads the first page again where no more than that was loaded. The pages shown remain until the answer. */
  refresh: () => void
}
export type EditablePages<T> = Pages<T> & {
  /** Changes the pages shown, by data loaded elsewhere. */
  edit: (change: (pages: Pages<T>['pages']) => Pages<T>['pages']) => void
}
type State<T> = {
  key: string
  pages: readonly (readonly T[])[]
  cursor: string | null
  isLoading: boolean
  failure: unknown
}

const saysSo = { isLoading: true, failure: null }

/**
 * A list, loaded page by page. The pages shown remain until the answer for a new key; answers that a later call has
 * overtaken are dropped.
 * @param cached cached pages of the same list, which are shown at once
 */
export function usePages<T>(
  key: string,
  load: (cursor: string | null) => Promise<ListPage<T>>,
  cached: Pick<State<T>, 'pages' | 'cursor'> | null = null,
): EditablePages<T> & { cursor: string | null } {
  const { returns } = useStore(connection)
  const [state, setState] = useState<State<T>>({
    key: cached ? key : '',
    pages: cached?.pages ?? [],
    cursor: cached?.cursor ?? null,
    isLoading: false,
    failure: null,
  })
  const turn = useRef(0)
  const isFetching = useRef(false)
  const fetchPage = (cursor: string | null, whileFetching: Partial<State<T>> = saysSo) => {
    turn.current = (turn.current ?? 0) + 1
    const mine = turn.current
    isFetching.current = true
    setState((now) => ({ ...now, ...whileFetching }))
    const settle = (answer: (now: State<T>) => State<T>) => {
      if (turn.current !== mine) return
      isFetching.current = false
      setState(answer)
    }
    load(cursor).then(
      ({ items, nextCursor }) =>
        settle(({ pages }) => ({
          key,
          pages: cursor === null ? [items] : [...pages, items],
          cursor: nextCursor,
          isLoading: false,
          failure: null,
        })),
      (failure: unknown) => settle((now) => ({ ...now, isLoading: false, failure })),
    )
  }
  /** The key of the cached pages until the first effect, before which the key may already be another. */
  const cachedKey = useRef(cached ? key : null)
  useEffect(() => {
    const isHere = cachedKey.current === key
    cachedKey.current = null
    if (!isHere) fetchPage(null)
  }, [key, returns])
  // Answers that arrive after the component is removed are dropped.
  useEffect(
    () => () => {
      turn.current = -1
    },
    [],
  )
  const isCurrent = state.key === key
  const more = () => {
    if (isCurrent && state.cursor !== null && !state.isLoading) fetchPage(state.cursor)
  }
  const reload = useCallback(() => fetchPage(null), [key])
  const refresh = () => {
    if (isCurrent && state.pages.length <= 1 && !isFetching.current) fetchPage(null, {})
  }
  const edit: EditablePages<T>['edit'] = useCallback(
    (change) => setState((now) => (now.key === key ? { ...now, pages: change(now.pages) } : now)),
    [key],
  )
  const { pages, cursor, isLoading, failure } = state
  return {
    pages,
    answers: state.key,
    cursor,
    isCurrent,
    isLoading,
    hasMore: isCurrent && cursor !== null,
    failure,
    more,
    reload,
    refresh,
    edit,
  }
}
