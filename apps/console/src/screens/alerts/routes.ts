/** Routes of alerts. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const alertRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/alerts',
    component: lazyRouteComponent(() => import('./alerts.tsx'), 'Alerts'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'status', 'severity', 'rule', 'canaries'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/alerts/$id',
    component: lazyRouteComponent(() => import('./alert.tsx'), 'Alert'),
  }),
] as const
