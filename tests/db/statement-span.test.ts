import { expect, test } from 'bun:test'
import { summarise } from '../../src/db/statement-span.ts'

test.each([
  ['select id, email from user_accounts where id =  ', 'SELECT user_accounts'],
  ['\n    select take_quota( ,  )', 'SELECT take_quota'],
  ['select 1', 'SELECT'],
  ['insert into kept (a) values ( ) on conflict (a) do update set a = 1', 'INSERT kept'],
  ['delete from mail_outbox where id =  ', 'DELETE mail_outbox'],
  [
    'with due as (select id from mail_outbox order by due_at for update skip locked) update mail_outbox m set attempts = 1 from due returning m.id',
    'SELECT mail_outbox, UPDATE mail_outbox',
  ],
  ['select (select count(*) from a), (select count(*) from b) from c join d using (x)', 'SELECT a, SELECT b'],
  ['', 'STATEMENT'],
])('%j is called %s', (text, name) => {
  expect(summarise(text)).toBe(name)
})
