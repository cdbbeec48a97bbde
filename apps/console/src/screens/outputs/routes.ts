/** Routes of outputs. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const outputRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/outputs',
    component: lazyScreen(() => import('./outputs.tsx'), 'Outputs'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'by', 'from', 'to'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/outputs/$id',
    component: lazyScreen(() => import('./output.tsx'), 'Output'),
  }),
] as const
