/** The part of the problem catalogue (problems.ts) about teams. */
export const teamProblems = {
  'already-in-team': {
    status: 409,
    title: 'The account is in a team already',
    detail: 'A person belongs to one team at most, and has its plan. Leave that team, or be removed from it, first.',
  },
  'seats-exhausted': {
    status: 409,
    title: 'Every seat of the team is taken',
    detail: 'The plan of the owner says how many people may be in the team, the owner counted.',
  },
  'too-many-invitations': {
    status: 409,
    title: 'As many people are invited as may be',
    detail: 'A team may have three times as many open invitations as seats. Take one back, or wait until one ends.',
  },
  'team-owner-only': {
    status: 403,
    title: 'Only the owner of the team may do this',
    detail: 'Ask whoever pays for the team. Members may leave it.',
  },
  'team-not-empty': {
    status: 409,
    title: 'There are other people in the team',
    detail: 'The owner leaves last, and the team ends then. Remove the others first.',
  },
} as const
