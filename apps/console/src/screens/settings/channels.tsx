/** Channels, where people hear of alerts; and listeners, software that is told of revocations. @module */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Group, Text } from '@mantine/core'
import { useState } from 'react'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ActButton } from '../../parts/act-button.tsx'
import { ConfirmButton } from '../../parts/approve.tsx'
import { Listing, type Cell } from '../../parts/listing.tsx'
import { SecretDialog } from '../../parts/secret.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { AddChannel } from './add-channel.tsx'
import { AddListener } from './add-listener.tsx'
import { Deliveries } from './deliveries.tsx'
import { SettingsPage } from './frame.tsx'

const t = words.settings.channels

type Channel =
  paths['/v1/channels']['get']['responses'][200]['content']['application/json']['channels'][number]
type Listener =
  paths['/v1/listeners']['get']['responses'][200]['content']['application/json']['listeners'][number]

/** Of something that was added: name and secret. */
export type Secrets = readonly (readonly [string, string])[]

export function Channels() {
  const refuse = whyNot(useSession(), 'alerts.work')
  const [secrets, setSecrets] = useState<Secrets>([])
  return (
    <SettingsPage part="channels">
      {refuse === null ? (
        <>
          <ChannelList onSecrets={setSecrets} />
          <ListenerList onSecrets={setSecrets} />
          <Deliveries />
        </>
      ) : (
        <Text c="dimmed">{refuse}</Text>
      )}
      {secrets.length > 0 && (
        <SecretDialog
          title={t.secret}
          text={words.settings.secretOnceText}
          secrets={secrets}
          onClose={() => setSecrets([])}
        />
      )}
    </SettingsPage>
  )
}

function ChannelList({ onSecrets }: { onSecrets: (secrets: Secrets) => void }) {
  const queries = useQueryClient()
  const [adding, setAdding] = useState(false)
  const channels = useQuery({
    queryKey: ['channels'],
    queryFn: () => said(api.GET('/v1/channels')),
    refetchInterval: 15_000,
  })
  const again = () => {
    void queries.invalidateQueries({ queryKey: ['channels'] })
    void queries.invalidateQueries({ queryKey: ['alert-deliveries'] })
  }
  return (
    <Section
      title={t.channels}
      actions={
        <ActButton size="xs" whyNot={null} onClick={() => setAdding(true)}>
          {t.add}
        </ActButton>
      }
    >
      <Answer of={channels}>
        {(data) => (
          <Listing<Channel>
            label={t.channels}
            rows={data.channels}
            keyOf={({ id }) => id}
            none={t.noChannels}
            columns={channelColumns(again)}
          />
        )}
      </Answer>
      {adding && (
        <AddChannel
          onClose={() => setAdding(false)}
          onAdded={(secret) => {
            again()
            setAdding(false)
            if (secret !== undefined) onSecrets([[t.secret, secret]])
          }}
        />
      )}
    </Section>
  )
}

function channelColumns(again: () => void): readonly Cell<Channel>[] {
  return [
    { name: t.kind, cell: ({ kind }) => t.kinds[kind] },
    { name: t.host, cell: ({ id, host }) => <Id of={id} name={host} /> },
    { name: t.health, cell: ({ failing_since: since }) => <Health since={since} /> },
    {
      name: words.settings.actions,
      cell: ({ id, host }) => (
        <Group gap="xs" wrap="nowrap">
          <ConfirmButton
            label={t.test}
            consequences={t.tested}
            whyNot={null}
            run={() => said(api.POST('/v1/channels/{id}/test', { params: { path: { id } } }))}
            onDone={again}
          />
          <ConfirmButton
            label={words.settings.remove}
            consequences={t.removeText(host)}
            whyNot={null}
            run={() => said(api.POST('/v1/channels/{id}/remove', { params: { path: { id } } }))}
            onDone={again}
            danger
          />
        </Group>
      ),
    },
  ]
}

function Health({ since }: { since: number | null }) {
  if (since === null) return <State of="active" label={t.well} />
  return (
    <Group gap={6}>
      <State of="revoked" label={t.failing} />
      <Text size="sm">
        {t.since} <Time at={since} ago />
      </Text>
    </Group>
  )
}

function ListenerList({ onSecrets }: { onSecrets: (secrets: Secrets) => void }) {
  const queries = useQueryClient()
  const [adding, setAdding] = useState(false)
  const listeners = useQuery({ queryKey: ['listeners'], queryFn: () => said(api.GET('/v1/listeners')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['listeners'] })
  return (
    <Section
      title={t.listeners}
      actions={
        <ActButton size="xs" whyNot={null} onClick={() => setAdding(true)}>
          {t.addListener}
        </ActButton>
      }
    >
      <Answer of={listeners}>
        {(data) => (
          <Listing<Listener>
            label={t.listeners}
            rows={data.listeners}
            keyOf={({ id }) => id}
            none={t.noListeners}
            columns={[
              { name: t.kind, cell: ({ kind }) => t.kinds[kind] },
              { name: t.url, cell: ({ id, url }) => <Id of={id} name={url} /> },
              {
                name: t.health,
                cell: ({ failing_since: since, status }) =>
                  since === null && status !== 'enabled' ? (
                    <State of="waiting" label={status} />
                  ) : (
                    <Health since={since} />
                  ),
              },
              { name: t.sent, cell: ({ sent }) => sent },
              {
                name: words.settings.actions,
                cell: ({ id, url }) => (
                  <ConfirmButton
                    label={words.settings.remove}
                    consequences={t.removeText(url ?? id)}
                    whyNot={null}
                    run={() => said(api.POST('/v1/listeners/{id}/remove', { params: { path: { id } } }))}
                    onDone={again}
                    danger
                  />
                ),
              },
            ]}
          />
        )}
      </Answer>
      {adding && (
        <AddListener
          onClose={() => setAdding(false)}
          onAdded={(secrets) => {
            again()
            setAdding(false)
            onSecrets(secrets)
          }}
        />
      )}
    </Section>
  )
}
