import { createStore } from '../../store.ts'

/** The entry whose details are open; null: none. */
export const opened = createStore<string | null>(null)

export const openEntry = (id: string | null): void => opened.set(id)
