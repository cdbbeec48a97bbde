/** Routes of delegations. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const delegationRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations',
    component: lazyRouteComponent(() => import('./delegations.tsx'), 'Delegations'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'tab', 'status', 'agent'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/new',
    component: lazyRouteComponent(() => import('./new-delegation.tsx'), 'NewDelegation'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'agent'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/drafts/$jti',
    component: lazyRouteComponent(() => import('./draft.tsx'), 'Draft'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/delegations/$jti',
    component: lazyRouteComponent(() => import('./delegation.tsx'), 'Delegation'),
  }),
] as const
