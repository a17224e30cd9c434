import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { migrate } from '../../src/db/migrate.ts'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { openOwnPostgres } from '../support/postgres.ts'
import { until } from '../support/server-process.ts'

const catalogue = [
  'catalogue_version',
  'roles',
  'permissions',
  'role_permissions',
  'features',
  'subscription_plans',
  'plan_features',
  'plan_prices',
]

async function openRegion() {
  const server = await openOwnPostgres({ wal_level: 'logical' })
  afterAll(() => server.stop())
  await migrate({ url: server.url })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  afterAll(() => sql.end({ timeout: 1 }))
  return { url: server.url, sql }
}

/** What docs/scalability.md says of clusters by region: the catalogue is edited in one of them, and obeyed in all. */
test('a catalogue that another cluster replicates is obeyed, by one trigger on its version', async () => {
  const [main, region] = [await openRegion(), await openRegion()]
  await main.sql.unsafe(`create publication catalogue for table ${catalogue.join(', ')}`)
  await region.sql.unsafe(`
    set session_replication_role = replica;
    ${catalogue
      .toReversed()
      .map((table) => `delete from ${table};`)
      .join(' ')}
    set session_replication_role = origin;
    create function tell_catalogue() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
    begin
      insert into public.authz_changes (kind, catalogue_version) values ('catalogue', new.version);
      perform pg_catalog.pg_notify('authz_changes', '');
      return null;
    end $$;
    create trigger tell after update on catalogue_version for each row execute function tell_catalogue();
    alter table catalogue_version enable replica trigger tell`)
  const { port, pathname } = new URL(main.url)
  await region.sql.unsafe(
    `create subscription catalogue connection 'host=127.0.0.1 port=${port} user=postgres dbname=${pathname.slice(1)}' publication catalogue`,
  )
  const isCopied = async () => (await region.sql`select from pg_subscription_rel where srsubstate <> 'r'`).length === 0
  await until(isCopied, 60, 'the catalogue is copied')

  const app = await openTestApp({ DATABASE_URL: region.url })
  const { accessToken: bearer } = await registered(app)
  const status = async () => (await app.request('/v1/entitlements/phone_support', { bearer })).status
  expect(await status()).toBe(403)
  await main.sql.begin(async (tx) => {
    await tx`insert into plan_features (plan, feature) values ('free', 'phone_support')`
    await tx`select record_catalogue_change()`
  })
  await until(async () => (await status()) === 200, 60, 'the edited plan is obeyed')
  await region.sql`drop subscription catalogue`
})
