/**
 * Which address shows which screen. Screens are loaded when they are first opened; each folder under screens/ lists its own
 * routes, with what it takes from the address.
 * @module
 */
import { createRoute, createRouter } from '@tanstack/react-router'
import { inside, root } from './inside.tsx'
import { agentRoutes } from './screens/agents/routes.ts'
import { activityRoutes } from './screens/activity/routes.ts'
import { alertRoutes } from './screens/alerts/routes.ts'
import { approvalRoutes } from './screens/approvals/routes.ts'
import { consentRoutes } from './screens/consents/routes.ts'
import { dataRoutes } from './screens/data/routes.ts'
import { delegationRoutes } from './screens/delegations/routes.ts'
import { evidenceRoutes } from './screens/evidence/routes.ts'
import { incidentRoutes } from './screens/incidents/routes.ts'
import { killRoutes } from './screens/kill/routes.ts'
import { logRoutes } from './screens/log/routes.ts'
import { outputRoutes } from './screens/outputs/routes.ts'
import { settingsRoutes } from './screens/settings/routes.ts'
import { Join } from './screens/door/join.tsx'
import { textsIn } from './parts/search.ts'
import { SignIn } from './screens/door/sign-in.tsx'
import { overviewRoutes } from './screens/overview/routes.ts'
import { ScreenFault } from './shell/screen-fault.tsx'

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: SignIn,
  // A path of this console, or one of the pages beside it: nobody is sent elsewhere by a link to here.
  validateSearch: (
    search: Record<string, unknown>,
  ): { to?: string | undefined; page?: string | undefined } => {
    const { to, page } = textsIn(search, 'to', 'page')
    // What does not fit is said to be undefined: a member that is left out would stay as the address has it.
    return {
      to: to !== undefined && /^\/(?![/\\])/.test(to) ? to : undefined,
      page: page !== undefined && /^\/(live|review|a)(#[\w-]+)?$/.test(page) ? page : undefined,
    }
  },
})
const join = createRoute({ getParentRoute: () => root, path: '/join', component: Join })

export const router = createRouter({
  routeTree: root.addChildren([
    signIn,
    join,
    inside.addChildren([
      ...overviewRoutes,
      ...agentRoutes,
      ...delegationRoutes,
      ...activityRoutes,
      ...approvalRoutes,
      ...alertRoutes,
      ...incidentRoutes,
      ...killRoutes,
      ...outputRoutes,
      ...dataRoutes,
      ...consentRoutes,
      ...evidenceRoutes,
      ...logRoutes,
      ...settingsRoutes,
    ]),
  ]),
  basepath: '/console',
  defaultPreload: 'intent',
  defaultErrorComponent: ScreenFault,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
