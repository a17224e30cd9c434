/** The feature by which a plan is shared with a team, and by which its owner has one. */
export const teamFeature = 'team_collaboration'
