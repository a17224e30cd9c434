import { afterAll } from 'bun:test'
import postgres from 'postgres'

/**
 * A database without tables, dropped after the file's tests, and a plain connection to it.
 * @param options of CREATE DATABASE, such as its locale
 */
export async function openEmptyDatabase(options = ''): Promise<{ url: string; sql: postgres.Sql }> {
  const server = process.env.TEST_DATABASE_URL ?? ''
  const name = `${(process.env.TEST_TEMPLATE ?? 'app_template_').replace('app_template_', 't_')}_${crypto.randomUUID().slice(0, 8)}`
  const outside = postgres(server, { max: 1, onnotice: () => {} })
  await outside.unsafe(`create database "${name}" template template0 ${options}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const sql = postgres(url.href, { max: 5, onnotice: () => {} })
  afterAll(async () => {
    await sql.end({ timeout: 5 })
    await outside`drop database if exists ${outside(name)} with (force)`
    await outside.end({ timeout: 5 })
  })
  return { url: url.href, sql }
}
