export const english = { title: 'Overview', people: 'People' }
