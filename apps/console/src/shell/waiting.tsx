/** For who is not endorsed yet, whom the control plane answers nothing else (PPL-18). @module */
import { useQuery } from '@tanstack/react-query'
import { api, said } from '../api/client.ts'
import { Page } from '../parts/page.tsx'
import { Registration } from '../parts/registration.tsx'
import { sessionQuery, useSession } from '../session/session.ts'
import { words } from '../words/words.ts'

/** Somebody endorses them while they look. */
const AGAIN_MS = 5_000

export function Waiting() {
  useQuery({ ...sessionQuery, refetchInterval: AGAIN_MS })
  const { id } = useSession().person
  const asked = useQuery({
    queryKey: ['endorsement', id],
    queryFn: () => said(api.GET('/v1/people/{id}/endorsement', { params: { path: { id } } })),
    // Who came in by a provider may have registered nothing that waits.
    retry: false,
  })
  return (
    <Page title={words.shell.waiting} lead={words.shell.notEndorsed}>
      {asked.data !== undefined && <Registration of={asked.data.act} />}
    </Page>
  )
}
