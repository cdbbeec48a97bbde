/** Routes of data. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const dataRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/data',
    component: lazyScreen(() => import('./data.tsx'), 'Data'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'show', 'find', 'level', 'since', 'as'),
  }),
] as const
