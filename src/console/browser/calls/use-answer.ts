import { useCallback, useEffect, useRef, useState } from 'hono/jsx/dom'
import { useStore } from '../store.ts'
import { connection } from './connection.ts'

export type Loaded<T> = {
  /** The last answer; remains while the next one is awaited. */
  data: T | null
  failure: unknown
  isLoading: boolean
  reload: () => void
  /** Loads again, unless a load is in progress. The present data, or failure, remains until the answer. */
  refresh: () => void
}
type State<T> = { data: T | null; failure: unknown; isLoading: boolean; key: string | null }

/**
 * The result of `load`, called when `key` changes, when the connection is back, and on `reload`. Answers that a later
 * call has overtaken are dropped.
 * @param key null: nothing is loaded
 * @param whileLoading `keep`: data of the key before remains until there is an answer
 */
export function useAnswer<T>(key: string | null, load: () => Promise<T>, whileLoading?: 'keep'): Loaded<T> {
  const { returns } = useStore(connection)
  const [state, setState] = useState<State<T>>({ data: null, failure: null, isLoading: key !== null, key })
  const [{ isQuiet, turn }, setTurn] = useState({ isQuiet: false, turn: 0 })
  const latest = useRef({ load, isLoading: state.isLoading })
  latest.current = { load, isLoading: state.isLoading }
  useEffect(() => {
    if (key === null) return
    let isOvertaken = false
    setState((before) => ({
      data: before.key === key || whileLoading ? before.data : null,
      failure: isQuiet && before.key === key ? before.failure : null,
      isLoading: true,
      key,
    }))
    latest.current?.load().then(
      (data) => {
        if (!isOvertaken) setState({ data, failure: null, isLoading: false, key })
      },
      (failure: unknown) => {
        if (!isOvertaken) setState((before) => ({ ...before, failure, isLoading: false }))
      },
    )
    return () => {
      isOvertaken = true
    }
  }, [key, turn, returns])
  const again = (quiet: boolean) => setTurn((before) => ({ isQuiet: quiet, turn: before.turn + 1 }))
  const reload = useCallback(() => again(false), [])
  const refresh = useCallback(() => {
    if (!latest.current?.isLoading) again(true)
  }, [])
  return {
    data: state.key === key || whileLoading ? state.data : null,
    failure: state.failure,
    isLoading: state.isLoading,
    reload,
    refresh,
  }
}
