/** Another passkey: made in this browser first, then added by a gesture of one that counts. spec/people.md (PPL-8). @module */
import { useMutation } from '@tanstack/react-query'
import { challengeOf } from '../../../../server/pages/shown.js'
import { api, said } from '../../api/client.ts'
import { GestureDialog } from '../../gesture/gesture-dialog.tsx'
import { PasskeyError, registration } from '../../gesture/passkey.ts'
import { useSession } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { NameDialog } from './name-dialog.tsx'

const t = words.settings.passkeys

export function AddPasskey({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const { place, person } = useSession()
  const made = useMutation({
    mutationFn: async (called: string) => {
      const { act, challenge } = await said(api.GET('/v1/passkeys/registration'))
      if ((await challengeOf('countersign-act-v1', act)) !== challenge) throw new PasskeyError('mismatch')
      const user = { id: person.id, name: person.name ?? person.id }
      return { called, credential: await registration(place, challenge, user, person.credential_ids) }
    },
  })
  if (made.data === undefined)
    return (
      <NameDialog
        title={t.add}
        lead={t.addText}
        submit={t.make}
        label={t.name}
        hint={t.nameHint}
        pending={made.isPending}
        error={made.error}
        onName={(name) => made.mutate(name)}
        onClose={onClose}
      />
    )
  const { called, credential } = made.data
  return (
    <GestureDialog
      title={t.add}
      consequences={t.signText(called)}
      ask={() => said(api.POST('/v1/passkeys/adding', { body: { credential } }))}
      askKey={['add-passkey', credential.id]}
      take={(parts) => said(api.POST('/v1/passkeys', { body: { ...parts, credential, name: called } }))}
      names={{ [person.id]: person.name ?? person.id }}
      onDone={onDone}
      onClose={onClose}
    />
  )
}
