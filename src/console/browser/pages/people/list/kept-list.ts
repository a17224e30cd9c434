import type { User } from '@manas360/client'

/** The list that was left last, so that going back from a person finds it as it was. */
export type KeptList = { key: string; pages: User[][]; cursor: string | null; scrollY: number }

let kept: KeptList | null = null

export function keepList(list: KeptList): void {
  kept = list
}

export function forgetList(): void {
  kept = null
}

export const keptList = (key: string): KeptList | null => (kept?.key === key ? kept : null)
