/** Routes of outputs. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const outputRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/outputs',
    component: lazyRouteComponent(() => import('./outputs.tsx'), 'Outputs'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'by', 'from', 'to'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/outputs/$id',
    component: lazyRouteComponent(() => import('./output.tsx'), 'Output'),
  }),
] as const
