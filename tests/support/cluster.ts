import postgres from 'postgres'
import { migrate } from '../../src/migrate.ts'
export async function createDatabase() {
  const base = process.env.TEST_DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5515/postgres'
  const name = `t_${Bun.randomUUIDv7().replaceAll('-', '')}`
  const admin = postgres(base, { max: 1, onnotice: () => {} })
  await admin.unsafe(`create database ${name}`)
  const url = base.replace(/\/[^/]*$/, `/${name}`)
  await migrate({ url })
  return { url, async drop() { await admin.unsafe(`drop database ${name} with (force)`); await admin.end() } }
}
