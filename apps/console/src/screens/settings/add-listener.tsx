/** Adding software that is told of revocations; its secrets are shown once. @module */
import { PasswordInput, Select, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'
import type { Secrets } from './channels.tsx'

const t = words.settings.channels
const KINDS = ['webhook', 'ssf_push', 'ssf_poll'] as const

export function AddListener({
  onAdded,
  onClose,
}: {
  onAdded: (secrets: Secrets) => void
  onClose: () => void
}) {
  const [kind, setKind] = useState<(typeof KINDS)[number]>('webhook')
  const [url, setUrl] = useState('')
  const [authorization, setAuthorization] = useState('')
  const hasUrl = kind !== 'ssf_poll'
  const added = useMutation({
    mutationFn: () =>
      said(
        api.POST('/v1/listeners', {
          body: {
            kind,
            url: hasUrl ? url.trim() : null,
            ...(hasUrl && authorization !== '' && { authorization }),
          },
        }),
      ),
    onSuccess: ({ secret, token }) =>
      onAdded([
        ...(secret ? [[t.secret, secret] as const] : []),
        ...(token ? [[t.token, token] as const] : []),
      ]),
  })
  return (
    <FormDialog
      title={t.addListener}
      lead={t.addListenerText}
      submit={t.addListener}
      pending={added.isPending}
      error={added.error}
      ready={!hasUrl || URL.canParse(url.trim())}
      onSubmit={() => added.mutate()}
      onClose={onClose}
    >
      <Select
        label={t.kind}
        data={KINDS.map((name) => ({ value: name, label: t.kinds[name] }))}
        value={kind}
        onChange={(value) => setKind(KINDS.find((name) => name === value) ?? 'webhook')}
        allowDeselect={false}
      />
      {hasUrl && (
        <>
          <TextInput
            label={t.url}
            type="url"
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
            required
          />
          <PasswordInput
            label={t.authorization}
            description={t.authorizationHint}
            value={authorization}
            onChange={(event) => setAuthorization(event.currentTarget.value)}
            autoComplete="off"
          />
        </>
      )}
    </FormDialog>
  )
}
