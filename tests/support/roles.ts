import { expect } from 'bun:test'
import { bodyOf, type TestApp } from './app.ts'

const ofLead = ['profile.read', 'profile.update', 'settings.manage', 'users.manage']

/** Roles made by a superadmin: `lead`, with privilege level 80, and those of `givenRole`. */
export async function openRoles({ request }: TestApp, bearer: string) {
  const ask = (method: string, path: string, as: string, json?: unknown): Promise<Response> =>
    request(`/v1/admin/roles${path}`, { method, bearer: as, json })
  let made = 0

  async function givenRole(privilegeLevel: number, permissions: string[] = []): Promise<string> {
    made += 1
    const name = `made_${made}`
    expect((await ask('POST', '', bearer, { name, description: '', privilegeLevel, permissions })).status).toBe(201)
    return name
  }

  await bodyOf(
    await ask('POST', '', bearer, { name: 'lead', description: 'Leads', privilegeLevel: 80, permissions: ofLead }),
  )
  return { ask, givenRole, ofLead }
}
