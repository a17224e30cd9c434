import { Hono } from 'hono'
import type { AuthedEnv } from '../env.ts'
import { planRoutes, roleRoutes } from './catalogue-routes.ts'
import { grantRoutes } from './grant-routes.ts'
import { peopleRoutes } from './people-routes.ts'

export const adminRoutes = new Hono<AuthedEnv>().route('/users', peopleRoutes).route('/', grantRoutes).route('/', roleRoutes).route('/', planRoutes)
