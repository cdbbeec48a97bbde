/** Routes of approvals. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const approvalRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/approvals',
    component: lazyScreen(() => import('./approvals.tsx'), 'Approvals'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'status', 'days'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/approvals/$id',
    component: lazyScreen(() => import('./approval.tsx'), 'Approval'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'decide'),
  }),
] as const
