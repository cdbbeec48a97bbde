/** The cache of what was read. Nothing is written without the control plane's answer: no optimistic state. @module */
import { QueryClient } from '@tanstack/react-query'
import { ApiFault } from './client.ts'

/** How long an answer counts as fresh, in milliseconds. Live screens read again themselves. */
const FRESH_MS = 10_000

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (count, error) =>
        count < 2 && (!(error instanceof ApiFault) || error.status === 0 || error.status >= 500),
      // An old answer stays on the screen, marked as stale, while the control plane is away.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always', retry: false },
  },
})
