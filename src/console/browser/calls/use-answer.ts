import { useCallback, useEffect, useRef, useState } from 'hono/jsx/dom'
import { useStore } from '../store.ts'
import { connection } from './connection.ts'

export type Loaded<T> = {
  /** The last answer; stays while another is on its way. */
  data: T | null
  failure: unknown
  isLoading: boolean
  reload: () => void
}

/**
 * What `load` gives, asked for when `key` changes, when a lost connection is back, and on `reload`. An answer that another
 * question has overtaken is dropped.
 * @param key null: nothing is asked for
 * @param whileLoading `keep`: the answer to the question before stays until there is another
 */
export function useAnswer<T>(key: string | null, load: () => Promise<T>, whileLoading?: 'keep'): Loaded<T> {
  const { returns } = useStore(connection)
  const [state, setState] = useState<{ data: T | null; failure: unknown; isLoading: boolean; key: string | null }>({
    data: null,
    failure: null,
    isLoading: key !== null,
    key,
  })
  const [turn, setTurn] = useState(0)
  const latest = useRef(load)
  latest.current = load
  useEffect(() => {
    if (key === null) return
    let isOvertaken = false
    setState((before) => ({
      data: before.key === key || whileLoading ? before.data : null,
      failure: null,
      isLoading: true,
      key,
    }))
    latest.current?.().then(
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
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  return {
    data: state.key === key || whileLoading ? state.data : null,
    failure: state.failure,
    isLoading: state.isLoading,
    reload,
  }
}
