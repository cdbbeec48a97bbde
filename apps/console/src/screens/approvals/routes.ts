/** Routes of approvals. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const approvalRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/approvals',
    component: lazyRouteComponent(() => import('./approvals.tsx'), 'Approvals'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'status', 'days'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/approvals/$id',
    component: lazyRouteComponent(() => import('./approval.tsx'), 'Approval'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'decide'),
  }),
] as const
