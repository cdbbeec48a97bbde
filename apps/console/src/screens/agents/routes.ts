/** Routes of agents. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const agentRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/agents',
    component: lazyScreen(() => import('./agents.tsx'), 'Agents'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'tab', 'status', 'find', 'kind', 'gap'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/agents/$id',
    component: lazyScreen(() => import('./agent.tsx'), 'Agent'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'part'),
  }),
] as const
