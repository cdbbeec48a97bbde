/** Routes of kill switch. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const killRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/kill',
    component: lazyScreen(() => import('./kill.tsx'), 'Kill'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'mode', 'kill', 'drill', 'scope', 'of'),
  }),
] as const
