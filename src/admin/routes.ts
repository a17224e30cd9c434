import { Hono } from 'hono'
import type { AuthedEnv } from '../access/env.ts'
import { analyticsRoutes } from './analytics/routes.ts'
import { auditRoutes } from './audit/routes.ts'
import { billingAdminRoutes } from './billing/routes.ts'
import { grantRoutes } from './grants/routes.ts'
import { invitationRoutes } from './invitations/routes.ts'
import { mailRoutes } from './mail/routes.ts'
import { planRoutes } from './plans/routes.ts'
import { roleRoutes } from './roles/routes.ts'
import { teamAdminRoutes } from './teams/routes.ts'
import { userDetailRoutes } from './users/detail-routes.ts'
import { userRoutes } from './users/routes.ts'

export const adminRoutes = new Hono<AuthedEnv>()
  .route('/users', userRoutes)
  .route('/users', userDetailRoutes)
  .route('/users', invitationRoutes)
  .route('/', grantRoutes)
  .route('/', roleRoutes)
  .route('/', planRoutes)
  .route('/', auditRoutes)
  .route('/', mailRoutes)
  .route('/', billingAdminRoutes)
  .route('/', teamAdminRoutes)
  .route('/analytics', analyticsRoutes)
