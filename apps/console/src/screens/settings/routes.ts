/** Routes of settings. @module */
import { createRoute } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { lazyScreen } from '../../parts/lazy-screen.ts'
import { textsIn } from '../../parts/search.ts'

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/settings',
    component: lazyScreen(() => import('./settings.tsx'), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/people',
    component: lazyScreen(() => import('./people.tsx'), 'People'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/programs',
    component: lazyScreen(() => import('./programs.tsx'), 'Programs'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/keys',
    component: lazyScreen(() => import('./keys.tsx'), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/policies',
    component: lazyScreen(() => import('./policies.tsx'), 'Policies'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'kind'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/templates',
    component: lazyScreen(() => import('./templates.tsx'), 'Templates'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'id'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/channels',
    component: lazyScreen(() => import('./channels.tsx'), 'Channels'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/retention',
    component: lazyScreen(() => import('./retention.tsx'), 'Retention'),
  }),
] as const
