/** Inviting somebody: their name, then the link that is shown once. @module */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import { SecretDialog } from '../../parts/secret.tsx'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { joinLink } from './join-link.ts'
import { NameDialog } from './name-dialog.tsx'

const t = words.settings.people

export function Invite({ onClose }: { onClose: () => void }) {
  const { place } = useSession()
  const queries = useQueryClient()
  const invited = useMutation({
    mutationFn: (name: string) => said(api.POST('/v1/people', { body: { name } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['people'] }),
  })
  if (invited.data !== undefined) {
    return (
      <SecretDialog
        title={t.invited(invited.variables)}
        text={t.invitedText}
        secrets={[[t.link, joinLink(place, invited.data.invitation)]]}
        onClose={onClose}
      />
    )
  }
  return (
    <NameDialog
      title={t.invite}
      submit={t.invite}
      label={t.inviteName}
      hint={t.inviteHint}
      pending={invited.isPending}
      error={invited.error}
      onName={(name) => invited.mutate(name)}
      onClose={onClose}
    />
  )
}
