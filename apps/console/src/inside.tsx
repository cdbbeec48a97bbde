/** The roots of the routes: the page, and what takes somebody who is signed in. @module */
import { createRootRoute, createRoute, redirect } from '@tanstack/react-router'
import { ApiFault } from './api/client.ts'
import { queries } from './api/queries.ts'
import { sessionQuery } from './session/session.ts'
import { NotFound } from './shell/not-found.tsx'
import { PageFault } from './shell/screen-fault.tsx'
import { Shell } from './shell/shell.tsx'

export const root = createRootRoute({ notFoundComponent: NotFound })

/** Where somebody has to be signed in. */
export const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  errorComponent: PageFault,
  beforeLoad: async ({ location }) => {
    try {
      await queries.ensureQueryData(sessionQuery)
    } catch (error) {
      if (error instanceof ApiFault && error.status === 401)
        // oxlint-disable-next-line typescript/only-throw-error -- how the router is told to go elsewhere
        throw redirect({ to: '/sign-in', search: { to: location.href } })
      throw error
    }
  },
})
