/** Routes of the log. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const logRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/log',
    component: lazyRouteComponent(() => import('./log.tsx'), 'Log'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'type', 'until'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/log/$index',
    component: lazyRouteComponent(() => import('./entry.tsx'), 'Entry'),
  }),
] as const
