/**
 * Every table and column, and what it has to do with people. A new one needs a line here before anything ships: whose it
 * is, what an erasure does with it, and where an export shows it.
 */
type Table = {
  /** `deleted`: with the person; `anonymised`: emptied of what is personal; `kept`: for the reason that is given. */
  erasure: 'deleted' | 'anonymised' | 'kept' | 'none'
  why: string
  /** How a row is found that concerns one account; absent where none does. */
  of?: string
  /** The part of the export that shows it. */
  exported?: string
  /** The columns that tell of a person, … */
  personal: string
  /** … and the rest: keys, times, states and secrets that tell nothing without them. */
  other: string
}

const nobodys = (why: string, other: string): Table => ({ erasure: 'none', why, personal: '', other })

export const personalData: Record<string, Table> = {
  user_accounts: {
    erasure: 'anonymised',
    why: 'the row stays, so that the trail has something to name; nobody can be told from it',
    of: 'id',
    exported: 'account',
    personal:
      'email email_verified_at email_undeliverable_at first_name last_name phone_number language timezone locked_reason last_login_at last_used_at consents second_factors',
    other:
      'id role status plan plan_ends_at created_at updated_at deleted_at authz_version password_hash password_version search_text is_invited',
  },
  sessions: {
    erasure: 'deleted',
    why: 'where and with what somebody signed in',
    of: 'account_id',
    exported: 'sessions',
    personal: 'ip_address user_agent created_at last_used_at amr auth_time',
    other: 'id account_id expires_at ended_at end_reason acr',
  },
  totp_factors: {
    erasure: 'deleted',
    why: 'that somebody has an authenticator app, and since when; its secret is shown to nobody',
    of: 'account_id',
    exported: 'authenticatorApps',
    personal: 'created_at confirmed_at',
    other: 'id account_id secret tries last_step',
  },
  recovery_codes: {
    erasure: 'deleted',
    why: 'how many somebody has, and when they were used; hashes, shown to nobody',
    of: 'account_id',
    exported: 'recoveryCodes',
    personal: 'created_at used_at',
    other: 'account_id code_hash',
  },
  mfa_challenges: {
    erasure: 'deleted',
    why: 'sign-ins that wait for their second factor, five minutes at the most; hashes, shown to nobody',
    of: 'account_id',
    personal: '',
    other:
      'id token_hash account_id password_version factors amr is_new_device login_counter login_counter_of code_counter device_counter tries used_at expires_at',
  },
  tokens: {
    erasure: 'deleted',
    why: 'goes with its session; hashes and what signs a successor, shown to nobody',
    of: 'session_id in (select id from sessions where account_id',
    personal: '',
    other:
      'session_id token_hash expires_at previous_hash replaced_at successor_jti successor_iat successor_exp successor_kid',
  },
  api_keys: {
    erasure: 'deleted',
    why: 'what somebody calls their keys, what those may do, and from where',
    of: 'account_id',
    exported: 'apiKeys',
    personal: 'name prefix permissions ip_ranges expires_at created_at last_used_at',
    other: 'id account_id key_hash',
  },
  passkeys: {
    erasure: 'deleted',
    why: 'what somebody signs in with, and what they call it',
    of: 'account_id',
    exported: 'passkeys',
    personal: 'name backup_eligible backed_up transports created_at last_used_at',
    other: 'id account_id credential_id public_key sign_count',
  },
  account_links: {
    erasure: 'deleted',
    why: 'links that somebody asked for by mail, and the addresses that they are for; kept until they expire',
    of: 'account_id',
    exported: 'accountLinks',
    personal: 'kind email created_at expires_at',
    other: 'account_id slot token_hash data',
  },
  invitations: {
    erasure: 'deleted',
    why: 'what an administrator offered somebody, until they accept',
    of: 'account_id',
    exported: 'invitation',
    personal: 'plan invited_at',
    other: 'account_id invited_by role_by',
  },
  inactivity_notices: {
    erasure: 'deleted',
    why: 'when somebody was told that their unused account will be erased, until it is used again',
    of: 'account_id',
    exported: 'inactivityNotices',
    personal: 'erase_at first_at first_sent_at last_at last_sent_at',
    other: 'account_id first_mail_id last_mail_id',
  },
  identities: {
    erasure: 'deleted',
    why: 'whom somebody is elsewhere, and since when and until when they came from there',
    of: 'account_id',
    exported: 'identities',
    personal: 'provider issuer subject email created_at last_used_at',
    other: 'id account_id',
  },
  oidc_codes: {
    erasure: 'deleted',
    why: 'what a provider said a moment ago, encrypted; deleted when it is used, or with the codes after it',
    of: 'account_id',
    personal: 'provider issuer subject profile',
    other: 'id code_hash account_id code_challenge expires_at',
  },
  oidc_spent_states: nobodys('ids that were used', 'id expires_at'),
  consents: {
    erasure: 'deleted',
    why: 'what somebody agreed to and withdrew; the trail keeps that as evidence, with no more than the account’s id',
    of: 'account_id',
    exported: 'consents',
    personal: 'document version granted at',
    other: 'account_id id',
  },
  login_attempts: {
    erasure: 'deleted',
    why: 'when and from where somebody tried; those at unknown addresses name nobody',
    of: 'account_id',
    exported: 'loginAttempts',
    personal: 'at outcome ip_address',
    other: 'id account_id',
  },
  user_subscriptions: {
    erasure: 'deleted',
    why: 'what somebody has and had',
    of: 'account_id',
    exported: 'subscriptions',
    personal: 'plan status billing_interval provider started_at current_period_end paid_until ended_at reason',
    other: 'id account_id created_at updated_at granted_by trial provider_subscription_id price_id pending_price_id',
  },
  account_features: {
    erasure: 'deleted',
    why: 'what somebody was granted or refused, and why',
    of: 'account_id',
    exported: 'featureOverrides',
    personal: 'feature granted limit_value expires_at reason created_at',
    other: 'account_id created_by',
  },
  payments: {
    erasure: 'deleted',
    why: 'what somebody paid; the provider keeps what the law wants kept',
    of: 'account_id',
    exported: 'payments',
    personal: 'provider provider_payment_id kind status amount_minor currency plan at invoice_url',
    other: 'id account_id subscription_id charge_id billing_interval period_start period_end has_failed',
  },
  billing_subscriptions: {
    erasure: 'deleted',
    why: 'what somebody pays for at a provider; the task that cancels it there names its id alone',
    of: 'account_id',
    exported: 'paidSubscriptions',
    personal: 'provider subscription_id status started_at paid_until cancels',
    other:
      'account_id price_id pending_price_id is_surplus is_stale fetched_at over_at released_at first_price_id counted_price_id',
  },
  billing_customers: {
    erasure: 'deleted',
    why: 'what a provider calls somebody',
    of: 'account_id',
    exported: 'paymentCustomers',
    personal: 'provider customer_id',
    other: 'account_id',
  },
  billing_intents: {
    erasure: 'deleted',
    why: 'what somebody wanted of a provider',
    of: 'account_id',
    exported: 'paymentRequests',
    personal: 'kind provider state created_at ended_at',
    other: 'id account_id price_id subscription_id return_to starts_at checkout_id page_url expires_at',
  },
  billing_accounts: {
    erasure: 'deleted',
    why: 'who works on somebody’s payments, and when somebody looks again',
    of: 'account_id',
    personal: '',
    other: 'account_id lease_id leased_until due_at attempts last_error',
  },
  counted_payments: {
    erasure: 'deleted',
    why: 'what of somebody’s payments is in the sums by day, so that nothing is counted twice; the sums name nobody',
    of: 'account_id',
    personal: '',
    other: 'account_id figures',
  },
  trials: {
    erasure: 'deleted',
    why: 'what somebody tried',
    of: 'account_id',
    exported: 'trials',
    personal: 'plan started_at',
    other: 'account_id',
  },
  used_challenges: nobodys('random bytes that were signed once', 'challenge expires_at'),
  discarded_requests: nobodys('random bytes, of requests that came to nothing', 'id created_at filler'),
  erased_trials: {
    erasure: 'kept',
    why: 'so that erasing oneself does not make a trial free again (a legitimate interest, GDPR 6(1)(f)): three years, under a keyed hash of the address, by the month; whoever has only the database finds nobody in it',
    personal: '',
    other: 'address_hash plan kept_until',
  },
  erased_quotas: {
    erasure: 'kept',
    why: 'the same for a quota that is used up: until its month is over',
    personal: '',
    other: 'address_hash month feature used',
  },
  usage_daily: {
    erasure: 'deleted',
    why: 'what somebody used',
    of: 'account_id',
    exported: 'usage',
    personal: 'day route requests',
    other: 'account_id',
  },
  quota_usage: {
    erasure: 'deleted',
    why: 'how often somebody’s API keys asked, and metered features were used, in a month',
    of: 'account_id',
    exported: 'apiQuota',
    personal: 'month feature used',
    other: 'account_id wanted_at',
  },
  quota_leases: {
    erasure: 'deleted',
    why: 'goes with the month of its account; what instances may let pass, which the month counts',
    of: 'account_id',
    personal: '',
    other: 'id account_id month feature spent drawn held expires_at',
  },
  idempotency_keys: {
    erasure: 'deleted',
    why: 'what somebody asked for in the last day; the stored answers repeat what other parts show',
    of: 'account_id',
    exported: 'idempotencyKeys',
    personal: 'method path key status created_at',
    other: 'account_id request_hash headers body',
  },
  mail_outbox: {
    erasure: 'deleted',
    why: 'what was mailed to somebody; what it said is gone once it is sent',
    of: 'account_id',
    exported: 'mails',
    personal: 'template recipient language contents status created_at ended_at',
    other: 'id account_id is_notice link message_id attempts last_error due_at leased_until give_up_at kept',
  },
  audit_personal: {
    erasure: 'deleted',
    why: 'where somebody acted from; of acts on others that is evidence, which names no account and stays',
    of: 'account_id',
    exported: 'auditTrail',
    personal: 'data',
    other: 'audit_id account_id salt',
  },
  audit_subjects: {
    erasure: 'deleted',
    why: 'somebody’s data before and after changes, whoever made them',
    of: 'account_id',
    exported: 'auditTrail',
    personal: 'data',
    other: 'audit_id account_id salt',
  },
  audit_logs: {
    erasure: 'kept',
    why: 'who did what must be provable for a year (DPDP rule 6); it holds ids and no direct identifier',
    of: 'actor_id',
    exported: 'auditTrail',
    personal: 'at action entity_type entity_id details',
    other: 'id actor_id request_id personal_hash subject_hash key_id mac',
  },
  audit_archive: {
    erasure: 'kept',
    why: 'the same, past its retention',
    personal: '',
    other: 'id at actor_id action entity_type entity_id request_id details personal_hash subject_hash key_id mac',
  },
  authz_changes: {
    erasure: 'kept',
    why: 'a day, so that every instance and service hears of the end; states of one id, which the account, its subscription and the trail show too',
    of: 'account_id',
    personal: '',
    other:
      'id xid at account_id version kind role privilege_level plan pex overrides status session_id except_session_id catalogue_version',
  },
  lockouts: {
    erasure: 'deleted',
    why: 'under keyed hashes of address and account, which the erasure computes; a device’s counter names nobody and is forgotten after 30 days',
    personal: '',
    other: 'key failures failures_in_a_row pending locked_until consecutive last_failure_at updated_at',
  },
  activity_by_day: nobodys('sums', 'day sign_ups erased locked invited log_ins failures lockouts reuse'),
  revenue_by_plan_and_day: nobodys(
    'sums',
    'day plan currency billing_interval started ended in_force trialing renewing annual_minor',
  ),
  payment_figures: nobodys('sums', 'day currency figure n amount'),
  payment_figure_changes: nobodys('sums, before they are added up', 'day currency figure n amount'),
  audit_checkpoints: nobodys('seals', 'id sealed_at row_count audit_ids digest previous_mac key_id mac'),
  audit_queue: nobodys('rows that wait for their seal', 'audit_id'),
  inactivity_erasures: nobodys('counts of what was done', 'erased_at accounts'),
  job_runs: nobodys('counts of what was done', 'name started_at finished_at milliseconds outcome detail succeeded_at'),
  catalogue_version: nobodys('catalogue', 'singleton version'),
  schema_migrations: nobodys('the schema’s history', 'version name checksum applied_at serves_from'),
  schema_functions: nobodys('the schema’s history', 'name revision checksum applied_at'),
  permissions: nobodys('catalogue', 'name description'),
  role_permissions: nobodys('catalogue', 'role permission'),
  roles: nobodys('catalogue', 'name description privilege_level seeded retired_at created_at updated_at'),
  features: nobodys('catalogue', 'name display_name description category retired_at created_at updated_at'),
  plan_features: nobodys('catalogue', 'plan feature limit_value'),
  provider_prices: nobodys('catalogue', 'provider price_id provider_price_id'),
  billing_tasks: nobodys(
    'what has to be done at a provider, by its own ids alone, so that it outlives the account',
    'id provider kind object_id subscription_id created_at due_at leased_until attempts last_error done_at',
  ),
  billing_events: nobodys(
    'what providers told, by their own ids alone',
    'id provider event_id type object_id status received_at due_at give_up_at leased_until attempts last_error ended_at',
  ),
  sandbox_objects: nobodys('the pretend provider’s, of development', 'id kind parent_id data created_at'),
  plan_prices: nobodys(
    'catalogue',
    'id plan currency billing_interval amount_minor tax_inclusive created_at retired_at',
  ),
  subscription_plans: nobodys(
    'catalogue',
    'name display_name description tier price_monthly_minor price_yearly_minor currency trial_days featured max_users max_api_requests_per_month max_storage_gb api_requests_per_minute seeded retired_at created_at updated_at',
  ),
}
