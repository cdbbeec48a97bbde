/** Routes of activity. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const activityRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/activity',
    component: lazyScreen(() => import('./activity.tsx'), 'Activity'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'show', 'agent', 'point', 'server', 'tool', 'reason', 'delegation', 'person', 'until'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/activity/$action',
    component: lazyScreen(() => import('./action.tsx'), 'Action'),
    // Where its decision stands in the log, for those who know: it is found at once then.
    validateSearch: (search: Record<string, unknown>): { entry?: number } =>
      typeof search['entry'] === 'number' && Number.isSafeInteger(search['entry']) && search['entry'] >= 0
        ? { entry: search['entry'] }
        : {},
  }),
] as const
