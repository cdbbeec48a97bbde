/** Keys that sign and seal, and other issuers that are trusted. @module */
import { Group } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { api, said } from '../../api/client.ts'
import type { paths } from '../../api/schema.d.ts'
import { ConfirmButton, ReasonButton } from '../../parts/approve.tsx'
import { Listing } from '../../parts/listing.tsx'
import { Section } from '../../parts/section.tsx'
import { Answer } from '../../parts/states.tsx'
import { Id, State, Time } from '../../parts/values.tsx'
import { useSession, whyNot } from '../../session/session.ts'
import { words } from '../../words/words.ts'
import { SettingsPage } from './frame.tsx'
import { Issuers } from './issuers.tsx'

const t = words.settings.keys

type IssuerKey = paths['/v1/keys']['get']['responses'][200]['content']['application/json']['issuer'][number]
type OauthKey =
  paths['/v1/keys/oauth']['get']['responses'][200]['content']['application/json']['keys'][number]

export function Keys() {
  return (
    <SettingsPage part="keys">
      <IssuerKeys />
      <OauthKeys />
      <Issuers />
    </SettingsPage>
  )
}

function IssuerKeys() {
  const session = useSession()
  const queries = useQueryClient()
  const keys = useQuery({ queryKey: ['keys', 'issuer'], queryFn: () => said(api.GET('/v1/keys')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['keys', 'issuer'] })
  const refuse = whyNot(session, 'installation.manage')
  return (
    <Section
      title={t.issuer}
      lead={t.issuerText}
      actions={
        <ConfirmButton
          label={t.rotate}
          consequences={t.rotateText}
          whyNot={refuse}
          run={() => said(api.POST('/v1/keys/issuer/rotate', { body: {} }))}
          onDone={again}
        />
      }
    >
      <Answer of={keys}>
        {({ issuer }) => (
          <Listing<IssuerKey>
            label={t.issuer}
            rows={issuer}
            keyOf={({ kid }) => kid}
            none="–"
            columns={[
              { name: t.kid, cell: ({ kid }) => <Id of={kid} /> },
              {
                name: words.settings.status,
                cell: ({ status }) => <State of={STATES[status]} label={status} />,
              },
              { name: t.retired, cell: ({ retired_at: at }) => (at === null ? '–' : <Time at={at} />) },
              {
                name: words.settings.actions,
                cell: (key) => <IssuerKeyActions of={key} refuse={refuse} onDone={again} />,
              },
            ]}
          />
        )}
      </Answer>
    </Section>
  )
}

const STATES = {
  current: 'active',
  verifying: 'proposed',
  retired: 'retired',
  compromised: 'revoked',
} as const

function IssuerKeyActions({
  of: { kid, status },
  refuse,
  onDone,
}: {
  of: IssuerKey
  refuse: string | null
  onDone: () => void
}) {
  const params = { path: { kid } }
  const ended = status === 'retired' || status === 'compromised' ? t.isRetired : null
  return (
    <Group gap="xs" wrap="nowrap">
      <ConfirmButton
        label={t.retire}
        consequences={t.retireText}
        whyNot={(status === 'current' ? t.isCurrent : ended) ?? refuse}
        run={() => said(api.POST('/v1/keys/issuer/{kid}/retire', { params, body: {} }))}
        onDone={onDone}
        danger
      />
      <ReasonButton
        label={t.compromise}
        consequences={t.compromiseText}
        whyNot={(status === 'compromised' ? t.isRetired : null) ?? refuse}
        run={(reason) => said(api.POST('/v1/keys/issuer/{kid}/compromise', { params, body: { reason } }))}
        usual={t.compromiseReasons}
        onDone={onDone}
        danger
      />
    </Group>
  )
}

function OauthKeys() {
  const session = useSession()
  const queries = useQueryClient()
  const keys = useQuery({ queryKey: ['keys', 'oauth'], queryFn: () => said(api.GET('/v1/keys/oauth')) })
  const again = () => void queries.invalidateQueries({ queryKey: ['keys', 'oauth'] })
  const refuse = whyNot(session, 'installation.manage')
  return (
    <Section
      title={t.oauth}
      lead={t.oauthText}
      actions={
        <ConfirmButton
          label={t.rotate}
          consequences={t.rotateOauthText}
          whyNot={refuse}
          run={() => said(api.POST('/v1/keys/oauth/rotate', { body: {} }))}
          onDone={again}
        />
      }
    >
      <Answer of={keys}>
        {(data) => (
          <Listing<OauthKey>
            label={t.oauth}
            rows={data.keys}
            keyOf={({ kid }) => kid}
            none="–"
            columns={[
              { name: t.kid, cell: ({ kid }) => <Id of={kid} /> },
              {
                name: words.settings.status,
                cell: ({ status }) => <State of={STATES[status]} label={status} />,
              },
              {
                name: words.settings.actions,
                cell: ({ kid, status }) => (
                  <ConfirmButton
                    label={t.retire}
                    consequences={t.retireOauthText}
                    whyNot={(status === 'current' ? t.isCurrent : null) ?? refuse}
                    run={() =>
                      said(api.POST('/v1/keys/oauth/{kid}/retire', { params: { path: { kid } }, body: {} }))
                    }
                    onDone={again}
                    danger
                  />
                ),
              },
            ]}
          />
        )}
      </Answer>
    </Section>
  )
}
