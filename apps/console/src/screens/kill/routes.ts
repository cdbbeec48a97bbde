/** Routes of kill switch. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const killRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/kill',
    component: lazyRouteComponent(() => import('./kill.tsx'), 'Kill'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'mode', 'kill', 'drill', 'scope', 'of'),
  }),
] as const
