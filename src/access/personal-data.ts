import type { PersonalData } from '../db/personal-data.ts'

export const accessData: PersonalData[] = [
  {
    table: 'authz_changes',
    exported: { not: 'states of one id, which the account, its subscription and the trail show too' },
    erased: { otherwise: 'kept for a day, so that every instance and service hears of the end' },
  },
]
