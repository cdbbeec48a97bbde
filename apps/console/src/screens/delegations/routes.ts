/** Routes of delegations. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const delegationRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations',
    component: lazyScreen(() => import('./delegations.tsx'), 'Delegations'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'tab', 'status', 'agent'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/new',
    component: lazyScreen(() => import('./new-delegation.tsx'), 'NewDelegation'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'agent'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/drafts/$jti',
    component: lazyScreen(() => import('./draft.tsx'), 'Draft'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/$jti',
    component: lazyScreen(() => import('./delegation.tsx'), 'Delegation'),
  }),
] as const
