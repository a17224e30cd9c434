import type postgres from 'postgres'
import schema from '../../sql/tables/0001_schema.sql' with { type: 'text' }
import administration from '../../sql/tables/0002_administration.sql' with { type: 'text' }
import apiKeys from '../../sql/tables/0003_api_keys.sql' with { type: 'text' }
import quotas from '../../sql/tables/0004_quotas.sql' with { type: 'text' }
import directory from '../../sql/tables/0005_directory.sql' with { type: 'text' }
import changeFeed from '../../sql/tables/0006_change_feed.sql' with { type: 'text' }
import searchPath from '../../sql/tables/0007_search_path.sql' with { type: 'text' }
import failuresInARow from '../../sql/tables/0008_failures_in_a_row.sql' with { type: 'text' }
import featureQuotas from '../../sql/tables/0009_feature_quotas.sql' with { type: 'text' }
import standings from '../../sql/tables/0010_standings.sql' with { type: 'text' }
import erasedTraces from '../../sql/tables/0011_erased_traces.sql' with { type: 'text' }
import auditSubjects from '../../sql/tables/0012_audit_subjects.sql' with { type: 'text' }
import trialSubscriptions from '../../sql/tables/0013_trial_subscriptions.sql' with { type: 'text' }
import searchFold from '../../sql/tables/0014_search_fold.sql' with { type: 'text' }
import canonicalAddresses from '../../sql/tables/0015_canonical_addresses.sql' with { type: 'text' }
import searchFunctions from '../../sql/tables/0016_search_functions.sql' with { type: 'text' }
import lapsing from '../../sql/tables/0017_lapsing.sql' with { type: 'text' }
import localDays from '../../sql/tables/0018_local_days.sql' with { type: 'text' }
import peopleStatistics from '../../sql/tables/0019_people_statistics.sql' with { type: 'text' }
import accountLinks from '../../sql/tables/0020_account_links.sql' with { type: 'text' }
import mailOutbox from '../../sql/tables/0021_mail_outbox.sql' with { type: 'text' }
import noDirectory from '../../sql/tables/0022_no_directory.sql' with { type: 'text' }
import importedPasswords from '../../sql/tables/0023_imported_passwords.sql' with { type: 'text' }
import updatesInPlace from '../../sql/tables/0024_updates_in_place.sql' with { type: 'text' }
import mailDeadline from '../../sql/tables/0025_mail_deadline.sql' with { type: 'text' }
import invitations from '../../sql/tables/0026_invitations.sql' with { type: 'text' }
import consents from '../../sql/tables/0027_consents.sql' with { type: 'text' }
import inactivity from '../../sql/tables/0028_inactivity.sql' with { type: 'text' }
import planPrices from '../../sql/tables/0029_plan_prices.sql' with { type: 'text' }
import signInStrength from '../../sql/tables/0030_sign_in_strength.sql' with { type: 'text' }
import noticesOfTheSchema from '../../sql/tables/0031_notices_of_the_schema.sql' with { type: 'text' }
import lastUse from '../../sql/tables/0032_last_use.sql' with { type: 'text' }
import passkeys from '../../sql/tables/0033_passkeys.sql' with { type: 'text' }
import secondFactors from '../../sql/tables/0034_second_factors.sql' with { type: 'text' }
import payments from '../../sql/tables/0035_payments.sql' with { type: 'text' }
import identities from '../../sql/tables/0036_identities.sql' with { type: 'text' }
import paidRevenue from '../../sql/tables/0037_paid_revenue.sql' with { type: 'text' }
import paymentFigures from '../../sql/tables/0038_payment_figures.sql' with { type: 'text' }
import webhooks from '../../sql/tables/0039_webhooks.sql' with { type: 'text' }
import billingLanes from '../../sql/tables/0040_billing_lanes.sql' with { type: 'text' }
import sumsByDay from '../../sql/tables/0041_sums_by_day.sql' with { type: 'text' }
import usageInPlace from '../../sql/tables/0042_usage_in_place.sql' with { type: 'text' }
import operations from '../../sql/tables/0043_operations.sql' with { type: 'text' }
import slowReceivers from '../../sql/tables/0044_slow_receivers.sql' with { type: 'text' }
import teams from '../../sql/tables/0045_teams.sql' with { type: 'text' }
import surplusSeats from '../../sql/tables/0046_surplus_seats.sql' with { type: 'text' }
import auditVerifications from '../../sql/tables/0047_audit_verifications.sql' with { type: 'text' }
import newestSurplus from '../../sql/tables/0048_newest_surplus.sql' with { type: 'text' }
import teamSums from '../../sql/tables/0049_team_sums.sql' with { type: 'text' }
import sessionStrength from '../../sql/tables/0050_session_strength.sql' with { type: 'text' }
import { rewriteAddresses } from './address-migration.ts'

type Migration = {
  version: number
  name: string
  sql: string
  /**
   * The oldest schema version whose program also runs on this one, so that it can be started, or rolled back to, beside
   * the newer one. Unset: only this version's program.
   */
  servesFrom?: number
  /**
   * The part of the migration that SQL cannot express; runs after the file, in its transaction. Returns why the
   * migration must stop.
   */
  rewrite?: (tx: postgres.TransactionSql) => Promise<string | undefined>
}

/** The migrations; forward only. To change the schema, add a file and a line. An applied migration is never edited. */
export const migrations: Migration[] = [
  { version: 1, name: '0001_schema', sql: schema },
  { version: 2, name: '0002_administration', sql: administration },
  { version: 3, name: '0003_api_keys', sql: apiKeys },
  { version: 4, name: '0004_quotas', sql: quotas },
  { version: 5, name: '0005_directory', sql: directory },
  { version: 6, name: '0006_change_feed', sql: changeFeed },
  { version: 7, name: '0007_search_path', sql: searchPath },
  { version: 8, name: '0008_failures_in_a_row', sql: failuresInARow },
  { version: 9, name: '0009_feature_quotas', sql: featureQuotas },
  { version: 10, name: '0010_standings', sql: standings },
  { version: 11, name: '0011_erased_traces', sql: erasedTraces },
  { version: 12, name: '0012_audit_subjects', sql: auditSubjects },
  { version: 13, name: '0013_trial_subscriptions', sql: trialSubscriptions },
  { version: 14, name: '0014_search_fold', sql: searchFold },
  { version: 15, name: '0015_canonical_addresses', sql: canonicalAddresses, rewrite: rewriteAddresses },
  { version: 16, name: '0016_search_functions', sql: searchFunctions },
  { version: 17, name: '0017_lapsing', sql: lapsing },
  { version: 18, name: '0018_local_days', sql: localDays },
  { version: 19, name: '0019_people_statistics', sql: peopleStatistics },
  { version: 20, name: '0020_account_links', sql: accountLinks },
  { version: 21, name: '0021_mail_outbox', sql: mailOutbox },
  { version: 22, name: '0022_no_directory', sql: noDirectory },
  { version: 23, name: '0023_imported_passwords', sql: importedPasswords },
  { version: 24, name: '0024_updates_in_place', sql: updatesInPlace },
  { version: 25, name: '0025_mail_deadline', sql: mailDeadline },
  { version: 26, name: '0026_invitations', sql: invitations },
  { version: 27, name: '0027_consents', sql: consents },
  { version: 28, name: '0028_inactivity', sql: inactivity },
  { version: 29, name: '0029_plan_prices', sql: planPrices },
  { version: 30, name: '0030_sign_in_strength', sql: signInStrength },
  { version: 31, name: '0031_notices_of_the_schema', sql: noticesOfTheSchema },
  { version: 32, name: '0032_last_use', sql: lastUse },
  { version: 33, name: '0033_passkeys', sql: passkeys },
  { version: 34, name: '0034_second_factors', sql: secondFactors },
  { version: 35, name: '0035_payments', sql: payments },
  { version: 36, name: '0036_identities', sql: identities },
  { version: 37, name: '0037_paid_revenue', sql: paidRevenue },
  { version: 38, name: '0038_payment_figures', sql: paymentFigures },
  { version: 39, name: '0039_webhooks', sql: webhooks },
  { version: 40, name: '0040_billing_lanes', sql: billingLanes },
  { version: 41, name: '0041_sums_by_day', sql: sumsByDay, servesFrom: 40 },
  { version: 42, name: '0042_usage_in_place', sql: usageInPlace, servesFrom: 40 },
  { version: 43, name: '0043_operations', sql: operations, servesFrom: 40 },
  { version: 44, name: '0044_slow_receivers', sql: slowReceivers, servesFrom: 40 },
  { version: 45, name: '0045_teams', sql: teams, servesFrom: 40 },
  { version: 46, name: '0046_surplus_seats', sql: surplusSeats, servesFrom: 40 },
  { version: 47, name: '0047_audit_verifications', sql: auditVerifications, servesFrom: 40 },
  { version: 48, name: '0048_newest_surplus', sql: newestSurplus, servesFrom: 40 },
  { version: 49, name: '0049_team_sums', sql: teamSums, servesFrom: 40 },
  { version: 50, name: '0050_session_strength', sql: sessionStrength, servesFrom: 40 },
]
