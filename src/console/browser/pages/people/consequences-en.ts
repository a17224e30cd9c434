/** The consequences of each action, shown before it is confirmed. */
export const consequences = {
  role: 'It counts from the next request on, wherever the person is signed in.',
  lock: [
    'The person is signed out everywhere, and cannot sign in until somebody unlocks the account.',
    'API keys stop until then. Nothing is deleted, and a paid plan goes on being paid.',
    'After unlocking the person signs in anew; the keys work again.',
  ],
  unlock: [
    'The person may sign in again, and the API keys work again.',
    'A lockout after too many wrong passwords ends, too.',
  ],
  lockout: [
    'Whoever was locked out after too many wrong passwords may try again at once.',
    'An account without a lockout stays as it is.',
  ],
  sessions: [
    'The person is signed out everywhere, and signs in anew.',
    'All API keys end for good: whatever uses them stops. There is no way back.',
  ],
  session: ['The person is signed out there, and signs in anew. There is no way back.'],
  factors: [
    'The authenticator app, the recovery codes and all passkeys are removed. There is no way back.',
    'The person is signed out everywhere, and signs in by password alone. Be sure who asked for it.',
    'They are told by mail.',
  ],
  erase: [
    'Everything of the person is erased: profile, sessions, keys, factors, settings. There is no way back.',
    'A running subscription ends, and its payment provider is told.',
    'The audit trail keeps that it was done, without the personal part.',
  ],
  invitation: (email: string) => [`A new link is mailed to ${email}. Up to three links work, for 7 days each.`],
  password: (email: string) => [
    `A link is mailed to ${email}, which lasts an hour. The present password goes on working until it is used.`,
    'Once it is used, all sessions and API keys end.',
  ],
  plan: 'It counts from the next request on. Without an end it lasts until somebody changes it.',
  replacePlan: [
    'What the person has now ends at once; its payment provider stops charging. Nothing is refunded by this, and there is no undo.',
  ],
  grantFeature: 'The person has the feature from the next request on, whatever the plan says.',
  refuseFeature: 'The person lacks the feature from the next request on, even where the plan has it.',
  replaceOverride: 'What was set for this person before is replaced, and there is no undo.',
  clearOverride: ['The plan decides again from the next request on. There is no undo.'],
}

export type Consequences = typeof consequences
