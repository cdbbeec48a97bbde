/** Routes of alerts. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const alertRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/alerts',
    component: lazyScreen(() => import('./alerts.tsx'), 'Alerts'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'status', 'severity', 'rule', 'canaries'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/alerts/$id',
    component: lazyScreen(() => import('./alert.tsx'), 'Alert'),
  }),
] as const
