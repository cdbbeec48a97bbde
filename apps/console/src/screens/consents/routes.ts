/** Routes of consents. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const consentRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/consents',
    component: lazyRouteComponent(() => import('./consents.tsx'), 'Consents'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'closed', 'state', 'notice'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/consents/$id',
    component: lazyRouteComponent(() => import('./subject.tsx'), 'Subject'),
  }),
] as const
