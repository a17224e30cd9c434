import { hash as h, verify as v } from '@node-rs/argon2'
export type PasswordHasher = ReturnType<typeof createPasswordHasher>
export function createPasswordHasher(_o: { concurrency: number; queueLimit: number }) {
  const dummy = h('x')
  return {
    hash: (p: string, _s?: AbortSignal) => h(p.normalize('NFKC'), { memoryCost: 19456, timeCost: 2, parallelism: 1 }),
    verify: async (hash: string | null, p: string, _s?: AbortSignal) => (await v(hash ?? (await dummy), p.normalize('NFKC'))) && hash !== null,
    needsRehash: (_h: string) => false,
    stats: () => ({ running: 0, waiting: 0 }),
  }
}
