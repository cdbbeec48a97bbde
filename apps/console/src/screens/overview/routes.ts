/** Routes of the overview. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'

export const overviewRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/',
    component: lazyScreen(() => import('./overview.tsx'), 'Overview'),
  }),
] as const
