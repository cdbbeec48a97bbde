/** Routes of incidents. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const incidentRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/incidents',
    component: lazyScreen(() => import('./incidents.tsx'), 'Incidents'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'status'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/incidents/$id',
    component: lazyScreen(() => import('./incident.tsx'), 'Incident'),
  }),
] as const
