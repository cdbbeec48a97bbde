/** Inviting somebody again who lost every passkey: the link is shown once. spec/people.md (PPL-11). @module */
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { SecretDialog } from '../../parts/secret.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { useSeparated } from '../evidence/read.ts'
import { joinLink } from './join-link.ts'
import type { Person } from './people.tsx'

const t = words.settings.people

export function Recover({ person, onDone }: { person: Person; onDone: () => void }) {
  const session = useSession()
  const separated = useSeparated()
  const [open, setOpen] = useState(false)
  const { id, status, endorsed } = person
  const name = person.name ?? t.erased
  const invited = useMutation({
    mutationFn: () => said(api.POST('/v1/people/{id}/recover', { params: { path: { id } } })),
    onSuccess: onDone,
  })
  const self = id === session.person.id ? t.recoverSelf : null
  const state = status === 'left' ? t.hasLeft : endorsed ? null : t.recoverUnendorsed
  const close = () => {
    setOpen(false)
    invited.reset()
  }
  return (
    <>
      <ActButton
        size="xs"
        variant="default"
        whyNot={state ?? self ?? whyNot(session, 'people.manage')}
        onClick={() => setOpen(true)}
      >
        {t.recover}
      </ActButton>
      {open && invited.data === undefined && (
        <FormDialog
          title={`${t.recover}: ${name}`}
          lead={t.recoverText(name, separated)}
          submit={t.recover}
          pending={invited.isPending}
          error={invited.error}
          onSubmit={() => invited.mutate()}
          onClose={close}
        />
      )}
      {open && invited.data !== undefined && (
        <SecretDialog
          title={t.invitedAgain(name)}
          text={t.invitedAgainText(separated)}
          secrets={[[t.link, joinLink(session.place, invited.data.invitation)]]}
          onClose={close}
        />
      )}
    </>
  )
}
