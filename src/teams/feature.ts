/** The feature of plans that are shared with a team. Only people with it can own one. */
export const teamFeature = 'team_collaboration'
