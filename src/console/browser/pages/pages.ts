import type { Page } from './page.ts'

/** All pages, in the order of the menu. To add one: a folder beside this file, and a line here (docs/console.md). */
export const pages: readonly Page[] = [
  {
    name: '',
    label: { en: 'Overview', hi: 'सारांश' },
    needs: ['analytics.read', 'settings.manage'],
    load: async () => (await import('./overview/overview.tsx')).Overview,
  },
  {
    name: 'people',
    label: { en: 'People', hi: 'लोग' },
    needs: ['users.manage'],
    load: async () => (await import('./people/people.tsx')).People,
  },
  {
    name: 'roles',
    label: { en: 'Roles', hi: 'भूमिकाएँ' },
    needs: ['settings.manage'],
    load: async () => (await import('./catalogue/roles.tsx')).Roles,
  },
  {
    name: 'plans',
    label: { en: 'Plans and features', hi: 'प्लान और फ़ीचर' },
    needs: ['features.manage'],
    load: async () => (await import('./catalogue/plans.tsx')).Plans,
  },
  {
    name: 'audit',
    label: { en: 'Audit', hi: 'ऑडिट' },
    needs: ['audit.read'],
    load: async () => (await import('./audit/audit.tsx')).Audit,
  },
  {
    name: 'operations',
    label: { en: 'Operations', hi: 'संचालन' },
    needs: ['settings.manage', 'subscriptions.manage'],
    load: async () => (await import('./operations/operations.tsx')).Operations,
  },
]
