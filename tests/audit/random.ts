export type Random = <T>(choices: readonly T[]) => T

/** Small, fast, and the same for a seed (Mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed
  return (choices) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    const index = Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * choices.length)
    const choice = choices[index]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }
}
