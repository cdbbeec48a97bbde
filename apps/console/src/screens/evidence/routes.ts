/** Routes of evidence. What is looked at, and for which period, is in the address. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

const period = (search: Record<string, unknown>) => textsIn(search, 'from', 'to')

export const evidenceRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence',
    component: lazyRouteComponent(() => import('./evidence.tsx'), 'Evidence'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'show', 'from', 'to', 'result', 'criterion'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/tests/$number',
    component: lazyRouteComponent(() => import('./test.tsx'), 'TestScreen'),
    validateSearch: period,
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/populations/$name',
    component: lazyRouteComponent(() => import('./population.tsx'), 'PopulationScreen'),
    validateSearch: period,
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/samples/$id',
    component: lazyRouteComponent(() => import('./sample.tsx'), 'SampleScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/readiness',
    component: lazyRouteComponent(() => import('./readiness.tsx'), 'ReadinessScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/packs',
    component: lazyRouteComponent(() => import('./packs.tsx'), 'Packs'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/previews',
    component: lazyRouteComponent(() => import('./previews.tsx'), 'Previews'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/previews/$id',
    component: lazyRouteComponent(() => import('./preview.tsx'), 'PreviewScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/registers',
    component: lazyRouteComponent(() => import('./registers.tsx'), 'Registers'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'id'),
  }),
] as const
