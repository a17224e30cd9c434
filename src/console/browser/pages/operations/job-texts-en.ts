/** What each job does, and what an extra run of it changes. */
export const jobTexts = {
  'archive-audit':
    'Moves sealed audit entries older than a year into the archive, 20,000 at most. Their personal part is deleted for good.',
  'drop-notices': 'Drops notices that wait although mail is off. They are never sent.',
  'end-expired':
    'Brings the records of plans up to date whose time is over. Rights end at their second anyway, without it.',
  'end-surplus-seats':
    'Removes the newest members of a team that has more members than seats, once its time to act is over. There is no way back but to invite them anew.',
  'erase-inactive':
    'Warns by mail whoever has not used their account for long, and erases those who were warned twice and did not come. There is no way back.',
  'erase-invited': 'Erases accounts whose invitation nobody accepted for 30 days. There is no way back.',
  'forget-successors': 'Deletes what is kept for ten seconds to repeat the answer of a renewed session.',
  'forget-uses': 'Deletes sessions that ended, and days of counted use after 400 days.',
  'purge-expired':
    'Deletes what nobody can use any more: used links, ended sessions, mails and deliveries that are past their time. There is no way back.',
  'reconcile-billing':
    'Compares every account that has a subscription at a payment provider with what the provider says, within the hour.',
  'refresh-views': 'Counts the figures of the overview anew.',
  'seal-audit': 'Seals the newest audit entries, so that a change to them would be seen.',
  'settle-teams': 'Gives the members of a team what its plan has since the plan was edited.',
  'verify-audit':
    'Verifies the seals of the audit trail that were made since its last run. Fails while something stands against the trail.',
} satisfies Record<string, string>

export type JobTexts = Record<keyof typeof jobTexts, string>
