/** Routes of settings. @module */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { inside } from '../../inside.tsx'
import { textsIn } from '../../parts/search.ts'

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => inside,
    path: '/settings',
    component: lazyRouteComponent(() => import('./settings.tsx'), 'Settings'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/people',
    component: lazyRouteComponent(() => import('./people.tsx'), 'People'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'show'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/programs',
    component: lazyRouteComponent(() => import('./programs.tsx'), 'Programs'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/keys',
    component: lazyRouteComponent(() => import('./keys.tsx'), 'Keys'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/policies',
    component: lazyRouteComponent(() => import('./policies.tsx'), 'Policies'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'kind'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/templates',
    component: lazyRouteComponent(() => import('./templates.tsx'), 'Templates'),
    validateSearch: (search: Record<string, unknown>) => textsIn(search, 'id'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/channels',
    component: lazyRouteComponent(() => import('./channels.tsx'), 'Channels'),
  }),
  createRoute({
    getParentRoute: () => inside,
    path: '/settings/retention',
    component: lazyRouteComponent(() => import('./retention.tsx'), 'Retention'),
  }),
] as const
