/** Routes of incidents. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const incidentRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/incidents',
    component: lazyRouteComponent(() => import('./incidents.tsx'), 'Incidents'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'status'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/incidents/$id',
    component: lazyRouteComponent(() => import('./incident.tsx'), 'Incident'),
  }),
] as const
