/** Routes of the log. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const logRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/log',
    component: lazyScreen(() => import('./log.tsx'), 'Log'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'type', 'until'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/log/$index',
    component: lazyScreen(() => import('./entry.tsx'), 'Entry'),
  }),
] as const
