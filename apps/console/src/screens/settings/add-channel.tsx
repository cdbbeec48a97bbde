/** Adding a channel: what each kind has to be told by. The control plane keeps it sealed and shows only the host. @module */
import { Group, NumberInput, PasswordInput, Select, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import {
  CHANNEL_KINDS,
  channelSchema,
  SYSLOG_FORMATS,
  type ChannelKind,
} from '../../../../../src/core/channel.ts'
import { api, said } from '../../api/client.ts'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { words } from '../../words/words.ts'

const t = words.settings.channels

type Fields = Readonly<Record<string, string>>
const START: Fields = { port: '587', tls: 'starttls', transport: 'tls', format: 'text' }

export function AddChannel({
  onAdded,
  onClose,
}: {
  onAdded: (secret: string | undefined) => void
  onClose: () => void
}) {
  const [kind, setKind] = useState<ChannelKind>('webhook')
  const [fields, setFields] = useState<Fields>(START)
  const channel = channelSchema.safeParse(channelOf(kind, fields))
  const added = useMutation({
    mutationFn: async () => {
      if (!channel.success) throw channel.error
      return said(api.POST('/v1/channels', { body: channel.data }))
    },
    onSuccess: ({ secret }) => onAdded(secret ?? undefined),
  })
  return (
    <FormDialog
      title={t.add}
      lead={t.addText}
      submit={t.add}
      pending={added.isPending}
      error={added.error}
      ready={channel.success}
      onSubmit={() => added.mutate()}
      onClose={onClose}
    >
      <Select
        label={t.kind}
        data={CHANNEL_KINDS.map((name) => ({ value: name, label: t.kinds[name] }))}
        value={kind}
        onChange={(value) => setKind(CHANNEL_KINDS.find((name) => name === value) ?? 'webhook')}
        allowDeselect={false}
      />
      <KindFields
        kind={kind}
        fields={fields}
        set={(name, value) => setFields((old) => ({ ...old, [name]: value }))}
      />
    </FormDialog>
  )
}

/** As its schema has it; the schema says whether it is whole. */
function channelOf(kind: ChannelKind, fields: Fields): Record<string, unknown> {
  const pick = (...names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (fields[name] ? [[name, fields[name]]] : [])))
  const port = Number(fields['port'])
  if (kind === 'webhook' || kind === 'slack') return { kind, ...pick('url') }
  if (kind === 'pagerduty') return { kind, ...pick('routing_key') }
  if (kind === 'syslog') return { kind, ...pick('host', 'transport', 'format'), port }
  const auth = fields['user'] ? { auth: { user: fields['user'], pass: fields['pass'] ?? '' } } : {}
  return { kind, ...pick('host', 'tls', 'from', 'to'), port, ...auth }
}

function KindFields({
  kind,
  fields,
  set,
}: {
  kind: ChannelKind
  fields: Fields
  set: (name: string, value: string) => void
}) {
  const text = (name: 'url' | 'from' | 'to' | 'user' | 'host', label: string, required = true) => (
    <TextInput
      label={label}
      value={fields[name] ?? ''}
      onChange={(event) => set(name, event.currentTarget.value)}
      required={required}
    />
  )
  const pick = (name: 'tls' | 'transport' | 'format', data: readonly string[]) => (
    <Select
      label={t[name]}
      data={[...data]}
      value={fields[name] ?? null}
      onChange={(value) => set(name, value ?? '')}
      allowDeselect={false}
    />
  )
  const port = (
    <NumberInput
      label={t.port}
      min={1}
      max={65_535}
      allowDecimal={false}
      value={fields['port'] ?? ''}
      onChange={(value) => set('port', String(value))}
      required
    />
  )
  const secret = (name: 'routing_key' | 'pass', required: boolean) => (
    <PasswordInput
      label={t[name]}
      value={fields[name] ?? ''}
      onChange={(event) => set(name, event.currentTarget.value)}
      autoComplete="off"
      required={required}
    />
  )
  if (kind === 'webhook' || kind === 'slack') return text('url', t.url)
  if (kind === 'pagerduty') return secret('routing_key', true)
  if (kind === 'syslog')
    return (
      <>
        {text('host', t.hostName)}
        {port}
        {pick('transport', ['udp', 'tcp', 'tls'])}
        {pick('format', SYSLOG_FORMATS)}
      </>
    )
  return (
    <>
      <Group grow align="flex-start">
        {text('host', t.hostName)}
        {port}
      </Group>
      {pick('tls', ['implicit', 'starttls', 'none'])}
      {text('from', t.from)}
      {text('to', t.to)}
      {text('user', t.user, false)}
      {secret('pass', false)}
    </>
  )
}
