/** Routes of consents. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const consentRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/consents',
    component: lazyScreen(() => import('./consents.tsx'), 'Consents'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'closed', 'state', 'notice'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/consents/$id',
    component: lazyScreen(() => import('./subject.tsx'), 'Subject'),
  }),
] as const
