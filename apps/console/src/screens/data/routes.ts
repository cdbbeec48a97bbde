/** Routes of data. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const dataRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/data',
    component: lazyRouteComponent(() => import('./data.tsx'), 'Data'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'show', 'find', 'level', 'since', 'as'),
  }),
] as const
