/** Routes of evidence. What is looked at, and for which period, is in the address. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

const period = (search: Record<string, unknown>) => textsIn(search, 'from', 'to')

export const evidenceRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence',
    component: lazyScreen(() => import('./evidence.tsx'), 'Evidence'),
    validateSearch: (search: Record<string, unknown>) =>
      textsIn(search, 'show', 'from', 'to', 'result', 'criterion'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/tests/$number',
    component: lazyScreen(() => import('./test.tsx'), 'TestScreen'),
    validateSearch: period,
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/populations/$name',
    component: lazyScreen(() => import('./population.tsx'), 'PopulationScreen'),
    validateSearch: period,
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/samples/$id',
    component: lazyScreen(() => import('./sample.tsx'), 'SampleScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/readiness',
    component: lazyScreen(() => import('./readiness.tsx'), 'ReadinessScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/packs',
    component: lazyScreen(() => import('./packs.tsx'), 'Packs'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/previews',
    component: lazyScreen(() => import('./previews.tsx'), 'Previews'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/previews/$id',
    component: lazyScreen(() => import('./preview.tsx'), 'PreviewScreen'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/evidence/registers',
    component: lazyScreen(() => import('./registers.tsx'), 'Registers'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show', 'id'),
  }),
] as const
