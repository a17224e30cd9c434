import { describe, expect, test } from 'bun:test'
import { exportedParts, personalData } from '../../src/account/personal-data.ts'
import { ExportBody } from '../../src/account/schemas.ts'
import { findUndeclared } from '../../src/db/personal-data.ts'
import { openTestApp } from '../support/app.ts'

const { sql } = await openTestApp()
const declared = personalData.map(({ table }) => table)
const undeclared = () => findUndeclared(sql, declared)

describe('every table with data of people', () => {
  test('is declared by its room: how an export shows it and what an erasure does with it, or why neither', async () => {
    expect(await undeclared()).toEqual([])
    expect(new Set(declared).size).toBe(declared.length)
    const tables = await sql<{ name: string }[]>`
      select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'm')`
    expect(declared.filter((table) => !tables.some(({ name }) => name === table))).toEqual([])
  })

  test('and so is one that is added tomorrow, with the table of a part of it, with no foreign key at all, or as a view', async () => {
    await sql.unsafe(`
      create table new_things (id uuid primary key, whose uuid not null references user_accounts (id) on delete cascade);
      create table new_thing_notes (thing_id uuid not null references new_things (id), note text);
      create table new_diaries (account_id uuid);
      create table new_favours (granted_by uuid);
      create table new_visits (ip_address text);
      create materialized view new_things_by_person as select id, whose as person_id from new_things;
      create table new_weather (day date primary key, degrees int)`)
    expect(await undeclared()).toEqual([
      'new_diaries',
      'new_favours',
      'new_thing_notes',
      'new_things',
      'new_things_by_person',
      'new_visits',
    ])
    await sql.unsafe(
      'drop table new_thing_notes, new_things, new_diaries, new_favours, new_visits, new_weather cascade',
    )
  })

  test('without any one declaration the check fails', async () => {
    for (const table of declared)
      expect(
        await findUndeclared(
          sql,
          declared.filter((other) => other !== table),
        ),
      ).toEqual([table])
  })

  test('has its part in the answer that is documented, and the answer has no other', () => {
    expect(['exportedAt', ...exportedParts.map(({ part }) => part)].sort()).toEqual(
      Object.keys(ExportBody.unwrap().shape).sort(),
    )
  })
})
