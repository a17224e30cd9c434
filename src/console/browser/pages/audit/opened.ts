import { createStore } from '../../store.ts'

/** The id of the entry whose dialog is open; null: none. */
export const opened = createStore<string | null>(null)

/** Opens the dialog of an entry; null closes it. */
export const openEntry = (id: string | null): void => opened.set(id)
